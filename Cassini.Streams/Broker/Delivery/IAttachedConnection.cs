using Cassini.Streams.Events;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>The connection that serves a session. Any thread.</summary>
internal interface IAttachedConnection
{
    /// <summary>Its number within the epoch.</summary>
    long Id { get; }

    /// <summary>Its keep alive; null for none.</summary>
    TimeSpan? KeepAlive { get; }

    /// <summary>Whether it is to end.</summary>
    bool IsClosing { get; }

    /// <summary>Ends it, unless something else ends it already.</summary>
    void Close(CloseOrder order);

    /// <summary>
    /// Ends when what it has read is delivered. When it was told to end before, it delivers nothing after that. For one caller.
    /// </summary>
    Task WhenOutOfBatchAsync();

    /// <summary>Decides why it ends, once for the session and the connection: why it must, if it must; else what was observed.</summary>
    CloseReason Settle(CloseReason observed);

    /// <summary>Ends it if its client has been silent for too long.</summary>
    /// <param name="now">A timestamp.</param>
    void CloseIfSilent(long now);

    /// <summary>Leaves a pause of this process out of its client's silence.</summary>
    void Forgive(TimeSpan pause);
}
