using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Probes;

namespace Cassini.Streams.Probing;

/// <summary>
/// A TCP connection of our own to an endpoint. It is announced before the connect, so that it does not count as a client.
/// </summary>
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
            // The source is the address of the endpoint itself, which no other machine can have as its source.
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
        Ticket.MayBeConnected = true; // also after a cancellation, because the kernel may have connected before it
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
        Ticket.Dispose(); // before others can use the port
        Socket.Dispose();
    }

    /// <summary>The address at which this machine can connect to a bound address.</summary>
    private static IPEndPoint TargetOf(EndpointAddress bound)
    {
        var address = !bound.IsWildcard ? bound.Address
            : bound.Address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback
            : IPAddress.Loopback;
        return new IPEndPoint(address, bound.Port);
    }
}
