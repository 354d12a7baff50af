using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Publishes that clients are refused because all connections are open: at once, and then at most once a second. Thread-safe.
/// </summary>
internal sealed class ConnectionLimitNotice(IEventPublisher events, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(burst: 1, perSecond: 1, time);

    /// <summary>Publishes that the limit is reached, or nothing when it was published a moment ago.</summary>
    /// <param name="connections">The open connections, among which the identity that has most is sought.</param>
    public void Publish(ConnectionTable connections)
    {
        lock (_lock)
        {
            if (!_allowance.TryTake(time.GetTimestamp()))
            {
                return;
            }
        }

        var use = connections.Use;
        events.Publish(new CapacityReached(CapacityResource.Connections, use.Limit).HeldAs(use));
    }
}
