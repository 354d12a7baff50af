namespace Cassini.Streams.Cluster.Engine;

/// <summary>
/// Carries messages between the nodes of a fleet, each at most once, and those of one sender to one subject in their order. Thread-safe.
/// </summary>
internal interface IBus
{
    /// <summary>
    /// Raised on a thread of the bus when it is connected, with where to, and when the connection is lost, with null. Not for the first
    /// time before <see cref="RunAsync"/>.
    /// </summary>
    event Action<string?>? ConnectionChanged;

    /// <summary>Whether it is connected now.</summary>
    bool IsConnected { get; }

    /// <summary>The most bytes of one message; what the engine says once it is connected.</summary>
    int LargestMessage { get; }

    /// <summary>Sends a message. Never waits.</summary>
    /// <param name="subject">Names with dots between.</param>
    /// <param name="data">The message; it is copied.</param>
    /// <returns>False when it was not sent: there is no connection, or too much waits to be sent.</returns>
    bool TryPublish(string subject, ReadOnlySpan<byte> data);

    /// <summary>Receives the messages of a subject from now on, also after a connection was lost and is back.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="handler">Called for one message after another, on a thread of the bus. Its argument is valid during the call.</param>
    /// <returns>Ends it.</returns>
    IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler);

    /// <summary>Keeps it connected until it is cancelled. Ends without an exception then.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
