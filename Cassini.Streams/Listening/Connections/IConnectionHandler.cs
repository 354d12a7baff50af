namespace Cassini.Streams.Listening.Connections;

/// <summary>Serves open connections: the protocol above mutual TLS.</summary>
public interface IConnectionHandler
{
    /// <summary>
    /// Serves one connection from its handshake to its end. Returning ends the session. An exception that the connection's
    /// stream did not throw is a crash of that connection alone.
    /// </summary>
    /// <param name="connection">The connection; not to be used after the task has ended.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the session must end. A handler that takes longer than <see cref="ListenerOptions.CloseTimeout"/>
    /// loses its socket.
    /// </param>
    Task HandleAsync(Connection connection, CancellationToken cancellationToken);
}
