using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Publishes the broker's events. Events that a client can cause at will are limited, for all clients together, to a burst of 100 and
/// then 10 a second. Thread-safe.
/// </summary>
internal sealed class BrokerEvents(IEventPublisher events, TimeProvider time) : IEventPublisher
{
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(burst: 100, perSecond: 10, time);

    /// <summary>One for each resource: that one is used up says nothing about another.</summary>
    private readonly TokenBucket[] _limitsReached =
        [.. Enum.GetValues<CapacityResource>().Select(_ => new TokenBucket(burst: 1, perSecond: 1, time))];

    private readonly TokenBucket _sharesReached = new(burst: 10, perSecond: 1, time);

    /// <summary>Publishes an event that no client can cause at will.</summary>
    public void Publish(BrokerEvent happened) => events.Publish(happened);

    /// <summary>Publishes that a limit was reached, or drops it when the same was published a moment ago.</summary>
    /// <param name="reached">The event.</param>
    /// <param name="use">Finds out who holds most of the whole broker's limit: slowly, so only for what is published.</param>
    public void PublishReached(CapacityReached reached, Func<ResourceUse>? use = null)
    {
        lock (_lock)
        {
            if (!(reached.Identity is null ? _limitsReached[(int)reached.Resource] : _sharesReached).TryTake(time.GetTimestamp()))
            {
                return;
            }
        }

        events.Publish(reached.Identity is null && use is not null ? reached.HeldAs(use()) : reached);
    }

    /// <summary>Publishes an event that a client caused, or drops it when there were too many.</summary>
    public void PublishLimited(BrokerEvent happened)
    {
        if (TryTake())
        {
            events.Publish(happened);
        }
    }

    /// <summary>Asks whether an event that a client caused may be published now. A caller that gets true publishes it.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            return _allowance.TryTake(time.GetTimestamp());
        }
    }
}
