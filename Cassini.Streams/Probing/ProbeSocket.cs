using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Probes;

namespace Cassini.Streams.Probing;

/// <summary>A TCP connection of our own to an endpoint, announced before it is made so that it is taken for no client.</summary>
internal sealed class ProbeSocket : IDisposable
{
    private readonly IPEndPoint _target;

    private ProbeSocket(Socket socket, IPEndPoint target, ProbeTicket ticket)
    {
        Socket = socket;
        _target = target;
        Ticket = ticket;
    }

    public Socket Socket { get; }

    public ProbeTicket Ticket { get; }

    /// <summary>Binds a local port and announces it.</summary>
    /// <exception cref="SocketException">There is no port or no descriptor left.</exception>
    public static ProbeSocket Announce(ProbeRegistry registry, EndpointAddress endpoint, EndpointAddress bound, ProbeKind kind)
    {
        var target = TargetOf(bound);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // From the address that it goes to, which is one of our own: nobody outside can have it as a source.
            socket.Bind(new IPEndPoint(target.Address, 0));
            return new ProbeSocket(socket, target, registry.Announce(endpoint, (IPEndPoint)socket.LocalEndPoint!, kind));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        Ticket.MayBeConnected = true; // also when it is cancelled: the kernel may have been quicker
        try
        {
            await Socket.ConnectAsync(_target, cancellationToken);
        }
        catch (SocketException)
        {
            Ticket.MayBeConnected = false;
            throw;
        }
    }

    public void Dispose()
    {
        Ticket.Dispose(); // before the port is free for others
        Socket.Dispose();
    }

    /// <summary>Where a bound address can be reached from this machine.</summary>
    private static IPEndPoint TargetOf(EndpointAddress bound)
    {
        var address = !bound.IsWildcard ? bound.Address
            : bound.Address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback
            : IPAddress.Loopback;
        return new IPEndPoint(address, bound.Port);
    }
}
