namespace Cassini.Streams.Events;

/// <summary>Where events are told.</summary>
public interface IEventPublisher
{
    /// <summary>The sequence of the last event published: 0 before the first.</summary>
    long LastSequence { get; }

    /// <summary>Gives the event its place in the one order. Any thread; also from inside an observer.</summary>
    void Publish(BrokerEvent brokerEvent);
}
