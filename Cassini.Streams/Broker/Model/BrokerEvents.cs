using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Publishes the broker's events. Those that a client can cause at will are limited: a burst of 100, then 10 a second, of all clients
/// together. Thread-safe.
/// </summary>
internal sealed class BrokerEvents(IEventPublisher events, TimeProvider time) : IEventPublisher
{
    private readonly TokenBucket _allowance = new(burst: 100, perSecond: 10, time);

    public long LastSequence => events.LastSequence;

    /// <summary>Publishes an event that no client can cause at will.</summary>
    public void Publish(BrokerEvent happened) => events.Publish(happened);

    /// <summary>Publishes an event that a client caused, or leaves it out because there were too many.</summary>
    public void PublishLimited(BrokerEvent happened)
    {
        if (TryTake())
        {
            events.Publish(happened);
        }
    }

    /// <summary>Asks whether one more event that a client caused may be published. A caller that gets true publishes it.</summary>
    public bool TryTake() => _allowance.TryTake();
}
