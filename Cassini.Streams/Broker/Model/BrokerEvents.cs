using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Publishes the broker's events. Events that a client can cause at will are limited, for all clients together, to a burst of 100 and
/// then 10 a second. The first of each identity for a reason is not limited, as long as no more than 1,000 of them
/// (<see cref="FirstOfIdentities.Most"/>) are remembered within a minute. Thread-safe.
/// </summary>
internal sealed class BrokerEvents(IEventPublisher events, TimeProvider time) : IEventPublisher
{
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(burst: 100, perSecond: 10, time);
    private readonly FirstOfIdentities _first = new(time);

    /// <summary>One for each resource: that one is used up says nothing about another.</summary>
    private readonly TokenBucket[] _limitsReached =
        [.. Enum.GetValues<CapacityResource>().Select(_ => new TokenBucket(burst: 1, perSecond: 1, time))];

    private readonly TokenBucket _looks = new(burst: 1, perSecond: 1, time);

    private readonly TokenBucket _sharesReached = new(burst: 10, perSecond: 1, time);

    /// <summary>Shares apart from the rest, so that no other event keeps the first one about a share from being published.</summary>
    private readonly FirstOfIdentities _firstShares = new(time);

    /// <summary>Publishes an event that no client can cause at will.</summary>
    public void Publish(BrokerEvent happened) => events.Publish(happened);

    /// <summary>Publishes that a limit was reached, or drops it when the same was published a moment ago.</summary>
    /// <param name="reached">The event.</param>
    /// <param name="use">Finds out who holds most of the whole broker's limit: slowly, so only for what is published.</param>
    public void PublishReached(CapacityReached reached, Func<ResourceUse>? use = null)
    {
        lock (_lock)
        {
            if (!TryTakeLocked(reached))
            {
                return;
            }
        }

        events.Publish(reached.Identity is null && use is not null ? reached.HeldAs(use()) : reached);
    }

    /// <summary>
    /// Publishes that a limit was reached, if it was: something was refused, and it takes long to find out why. It looks once a second at
    /// most.
    /// </summary>
    /// <param name="resource">What was refused.</param>
    /// <param name="use">Finds out how much of it is in use; null when there is none of it.</param>
    public void PublishIfReached(CapacityResource resource, Func<ResourceUse?> use)
    {
        lock (_lock)
        {
            if (!_looks.TryTake(time.GetTimestamp()))
            {
                return;
            }
        }

        if (use() is { IsAtLimit: true } found)
        {
            PublishReached(new CapacityReached(resource, found.Limit), () => found);
        }
    }

    /// <summary>Publishes an event that a client caused, or drops it when there were too many and it is not the first.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="identity">The client's identity.</param>
    /// <param name="reason">
    /// What tells it from others of its type: the log counts them apart too. One of few words, because each is remembered.
    /// </param>
    public void PublishLimited(BrokerEvent happened, string identity, string reason)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (!_first.IsFirst($"{happened.GetType().Name} {reason}", identity, now) && !_allowance.TryTake(now))
            {
                return;
            }
        }

        events.Publish(happened);
    }

    /// <summary>Asks whether an event that a client caused may be published now. A caller that gets true publishes it.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            return _allowance.TryTake(time.GetTimestamp());
        }
    }

    private bool TryTakeLocked(CapacityReached reached)
    {
        var now = time.GetTimestamp();
        return reached.Identity is not { } identity ? _limitsReached[(int)reached.Resource].TryTake(now)
            : _firstShares.IsFirst(reached.Resource.ToString(), identity, now) || _sharesReached.TryTake(now);
    }
}
