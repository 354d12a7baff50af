using System.Net.Sockets;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>What an accept loop asks of the operating system; tests make it fail.</summary>
internal interface ISocketTransport
{
    /// <summary>Binds and listens.</summary>
    /// <exception cref="SocketException">It cannot be bound.</exception>
    Socket Listen(EndpointAddress address, int backlog);

    /// <summary>Accepts the next connection.</summary>
    /// <exception cref="SocketException">It cannot be accepted.</exception>
    ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken);
}
