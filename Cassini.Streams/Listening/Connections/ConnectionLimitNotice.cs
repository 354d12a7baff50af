using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Publishes that clients are refused because of the number of open connections: at once, and then at most once a second for the limit of
/// all, and once a second for the shares of all identities together. Thread-safe.
/// </summary>
internal sealed class ConnectionLimitNotice(IEventPublisher events, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(burst: 1, perSecond: 1, time);
    private readonly TokenBucket _shares = new(burst: 10, perSecond: 1, time);

    /// <summary>Publishes that the limit is reached, or nothing when it was published a moment ago.</summary>
    /// <param name="connections">The open connections, among which the identity that has most is sought.</param>
    public void Publish(ConnectionTable connections)
    {
        if (TryTake(_allowance))
        {
            var use = connections.Use;
            events.Publish(new CapacityReached(CapacityResource.Connections, use.Limit).HeldAs(use));
        }
    }

    /// <summary>Publishes that an identity has its share, or nothing when much of that was published a moment ago.</summary>
    /// <param name="identity">The identity.</param>
    /// <param name="held">How many connections it has.</param>
    public void PublishShare(string identity, long held)
    {
        if (TryTake(_shares))
        {
            events.Publish(new CapacityReached(CapacityResource.Connections, held, identity));
        }
    }

    private bool TryTake(TokenBucket allowance)
    {
        lock (_lock)
        {
            return allowance.TryTake(time.GetTimestamp());
        }
    }
}
