namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// The connection that an outbox sends on. It is called once at most, without a lock, on any thread, after the outbox has closed
/// itself. What is called must not throw: the thread may be another client's.
/// </summary>
internal interface IOutboxOwner
{
    /// <summary>The stream failed.</summary>
    void OnSendFailed(Exception failure);

    /// <summary><see cref="Outbox.Source"/> threw: a bug of the broker's own.</summary>
    void OnCrashed(Exception crash);
}
