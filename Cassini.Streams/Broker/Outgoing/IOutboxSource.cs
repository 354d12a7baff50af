namespace Cassini.Streams.Broker.Outgoing;

/// <summary>What holds back the messages that wait elsewhere while an outbox is backed up.</summary>
internal interface IOutboxSource
{
    /// <summary>The outbox has drained: it takes more. Called without a lock, on any thread.</summary>
    /// <param name="from">The outbox.</param>
    void OnDrained(Outbox from);
}
