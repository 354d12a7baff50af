using System.Net.Sockets;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>The operating system's sockets.</summary>
internal sealed class SocketTransport : ISocketTransport
{
    public static readonly SocketTransport Instance = new();

    public Socket Listen(EndpointAddress address, int backlog)
    {
        // On Unix .NET sets SO_REUSEADDR when it binds, so a restart does not wait for old connections' TIME_WAIT, while a
        // port that someone listens on still cannot be bound. On Windows neither option is needed for the same.
        var socket = new Socket(address.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                // As Kestrel does for the management: [::] has one meaning in this process.
                socket.DualMode = address.IsWildcard;
            }

            socket.Bind(address.ToIPEndPoint());
            socket.Listen(backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken) => listener.AcceptAsync(cancellationToken);
}
