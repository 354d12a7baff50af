using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using Cassini.Tests.Support;

namespace Cassini.Tests.Systemd;

/// <summary>The service manager's end: a real datagram socket, and every message in the order in which it came.</summary>
internal sealed class NotifyReceiver : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _receiving;
    private ImmutableList<string> _messages = [];

    /// <summary>Listens at a path, or at a name in the abstract namespace.</summary>
    public NotifyReceiver(string name)
    {
        Name = name;
        _socket.Bind(new UnixDomainSocketEndPoint(name[0] == '@' ? $"\0{name[1..]}" : name));
        _receiving = ReceiveAsync();
    }

    /// <summary>What NOTIFY_SOCKET is to be.</summary>
    public string Name { get; }

    public IReadOnlyList<string> Messages => Volatile.Read(ref _messages);

    /// <summary>The first message that has such an assignment among its lines, past or to come, after a number of messages.</summary>
    public async Task<string> MessageAsync(string step, Func<string, bool> assignment, int after = 0)
    {
        await Eventually.BecomesAsync(step, () => Messages, messages => messages.Skip(after).Any(Matches));
        return Messages.Skip(after).First(Matches);

        bool Matches(string message) => message.Split('\n').Any(assignment);
    }

    public Task<string> MessageAsync(string step, string assignment, int after = 0) =>
        MessageAsync(step, line => line == assignment, after);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _end.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _end.Token);
                Volatile.Write(ref _messages, _messages.Add(Encoding.UTF8.GetString(buffer, 0, length)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
