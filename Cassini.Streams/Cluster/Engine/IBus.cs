namespace Cassini.Streams.Cluster.Engine;

/// <summary>
/// Carries messages between the nodes of a fleet, each at most once, and those of one sender to one subject in their order. Thread-safe.
/// </summary>
internal interface IBus
{
    /// <summary>
    /// Raised on a thread of the bus, one call after another: when it is connected and all subscriptions are in force, with where to, and
    /// when the connection is lost or ended, with null. Not for the first time before <see cref="RunAsync"/>.
    /// </summary>
    event Action<string?>? ConnectionChanged;

    /// <summary>Whether it is connected now.</summary>
    bool IsConnected { get; }

    /// <summary>Why it is not connected, for people; null when it is, or nothing is known.</summary>
    string? Problem => null;

    /// <summary>
    /// The most bytes of one message; what the engine says once it is connected. Another connection may have another limit.
    /// </summary>
    int LargestMessage { get; }

    /// <summary>Sends a message. Never waits.</summary>
    /// <param name="subject">Names with dots between.</param>
    /// <param name="data">The message; it is copied.</param>
    /// <returns>
    /// False when it is not sent: there is no connection, too much waits to be sent, or it is larger than <see cref="LargestMessage"/>.
    /// True promises nothing: what waits when the connection is lost is lost, too.
    /// </returns>
    /// <exception cref="ArgumentException">The subject is empty or has white space.</exception>
    bool TryPublish(string subject, ReadOnlySpan<byte> data);

    /// <summary>Receives the messages of a subject from now on, also after a connection was lost and is back.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="handler">
    /// Called for one message after another, on a thread of the bus. Its argument is valid during the call. While it runs, messages of
    /// this subscription wait, up to a bound, and others go on.
    /// </param>
    /// <returns>Ends it. A call that runs already may end later.</returns>
    IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler);

    /// <summary>
    /// Keeps it connected until it is cancelled. Ends without an exception then, after what waited was sent, if the engine takes it in
    /// time.
    /// </summary>
    Task RunAsync(CancellationToken cancellationToken);
}
