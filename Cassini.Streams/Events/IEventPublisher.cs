namespace Cassini.Streams.Events;

/// <summary>Where events are published.</summary>
public interface IEventPublisher
{
    /// <summary>
    /// Publishes an event: gives it its number, and may deliver it, with those of other threads, before it returns. Any thread; also from
    /// inside an observer. It blocks while the hub's queue (<c>Hub:PendingCapacity</c>) is full. An event that comes after the end of the
    /// epoch is counted and dropped.
    /// </summary>
    /// <exception cref="ArgumentNullException">The event is null.</exception>
    void Publish(BrokerEvent brokerEvent);
}
