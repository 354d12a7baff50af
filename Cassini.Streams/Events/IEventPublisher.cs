namespace Cassini.Streams.Events;

/// <summary>Where events are published.</summary>
public interface IEventPublisher
{
    /// <summary>Publishes an event. Any thread; also from inside an observer.</summary>
    void Publish(BrokerEvent brokerEvent);
}
