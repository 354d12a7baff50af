using System.Collections.Immutable;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Serves open connections: the protocol above mutual TLS. Each connection carries one session, which opens and closes with it.
/// </summary>
public interface IConnectionHandler
{
    /// <summary>
    /// The subprotocols of WebSocket (RFC 6455 §1.9) that it speaks on the WebSocket endpoints. A client that offers none of them is
    /// refused. Empty, which is the default: a client need not say what it speaks.
    /// </summary>
    ImmutableArray<string> WebSocketSubprotocols => [];

    /// <summary>
    /// Serves one connection from its handshake to its end. Returning ends the connection. An exception that the connection's
    /// stream did not throw is a crash of that connection alone.
    /// </summary>
    /// <param name="connection">The connection; not to be used after the task has ended.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the connection must end. A handler that takes longer than <see cref="ListenerOptions.CloseTimeout"/>
    /// loses its socket.
    /// </param>
    Task HandleAsync(Connection connection, CancellationToken cancellationToken);
}
