using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>
/// The lock of a node of the fleet. What is noted under it is published when it is left, in that order: a fold that hears of it may ask the
/// node, from any thread, and a hub that is full holds up nobody who needs the lock. Thread-safe.
/// </summary>
/// <param name="events">Where it is published.</param>
internal sealed class NodeLock(IEventPublisher events)
{
    private readonly PendingEvents _pending = new(events);

    /// <summary>Enters it. The same thread may enter it again.</summary>
    /// <returns>Leaves it.</returns>
    public Scope Enter()
    {
        _pending.Lock.Enter();
        return new Scope(_pending);
    }

    /// <summary>Notes an event. Under the lock.</summary>
    public void NoteLocked(BrokerEvent happened) => _pending.NoteLocked(happened);

    /// <summary>Leaves the lock, and publishes what was noted when the thread does not hold it any more.</summary>
    public readonly ref struct Scope(PendingEvents pending)
    {
        public void Dispose()
        {
            var hasNews = !pending.IsEmptyLocked;
            pending.Lock.Exit();
            if (hasNews && !pending.Lock.IsHeldByCurrentThread)
            {
                pending.Publish();
            }
        }
    }
}
