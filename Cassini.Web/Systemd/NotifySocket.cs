using System.Net.Sockets;
using System.Text;

namespace Cassini.Web.Systemd;

/// <summary>
/// Sends to the service manager, one datagram for each message. No failure there stops a broker: it is logged once,
/// and each message is a new attempt, on a socket of its own, because the manager may have restarted too.
/// </summary>
internal sealed class NotifySocket(UnixDomainSocketEndPoint address, TimeProvider time, ILogger logger)
{
    /// <summary>How long to wait for a manager that does not read.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private int _isFailureLogged;

    /// <summary>Sends assignments such as READY=1, one to a line. Any thread.</summary>
    public async Task SendAsync(params string[] assignments)
    {
        using var overdue = new CancellationTokenSource(Patience, time);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            await socket.ConnectAsync(address, overdue.Token);
            await socket.SendAsync(Encoding.UTF8.GetBytes(string.Join('\n', assignments)), SocketFlags.None, overdue.Token);
            Volatile.Write(ref _isFailureLogged, 0);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            if (Interlocked.Exchange(ref _isFailureLogged, 1) == 0)
            {
                SystemdLog.Unreachable(
                    logger, assignments[0], exception is SocketException ? exception.Message : "it does not read", exception);
            }
        }
    }
}
