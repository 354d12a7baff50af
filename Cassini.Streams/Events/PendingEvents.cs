using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Cassini.Streams.Events;

/// <summary>
/// What has happened under a lock, until it is published: in the order of the changes. A change notes its events under the lock; the thread
/// that made it publishes them after it left the lock. One thread at a time publishes, and it publishes everything that was noted. So
/// nothing waits for a thread that fails in between: what that leaves is published with the next change. Thread-safe.
/// </summary>
/// <param name="events">Where it is published.</param>
internal sealed class PendingEvents(IEventPublisher events)
{
    private ImmutableQueue<BrokerEvent> _unpublished = [];
    private TaskCompletionSource? _over;
    private bool _isPublishing;

    /// <summary>The lock: that of the sessions of one client, one after another, or of a node of a fleet.</summary>
    public Lock Lock { get; } = new();

    /// <summary>Whether nothing is to be published.</summary>
    public bool IsEmptyLocked => _unpublished.IsEmpty;

    /// <summary>Whether a thread publishes at this moment.</summary>
    public bool IsPublishingLocked => _isPublishing;

    /// <summary>Notes what happened.</summary>
    public void NoteLocked(BrokerEvent happened) => _unpublished = _unpublished.Enqueue(happened);

    /// <summary>Publishes what was noted, unless another thread publishes at this moment: then that one does. Not under the lock.</summary>
    /// <remarks>When the publisher throws, the rest is published all the same; the first exception is thrown then.</remarks>
    public void Publish()
    {
        lock (Lock)
        {
            if (_isPublishing)
            {
                return;
            }

            _isPublishing = true;
        }

        ExceptionDispatchInfo? failure = null;
        while (TryTakeNext(out var happened))
        {
            try
            {
                events.Publish(happened);
            }
            catch (Exception thrown)
            {
                failure ??= ExceptionDispatchInfo.Capture(thrown);
            }
        }

        failure?.Throw();
    }

    /// <summary>The same, and ends when everything that was noted so far is published, whichever thread does it.</summary>
    public Task PublishAsync()
    {
        Publish();
        lock (Lock)
        {
            return _isPublishing
                ? (_over ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    private bool TryTakeNext([NotNullWhen(true)] out BrokerEvent? happened)
    {
        lock (Lock)
        {
            happened = null;
            if (_unpublished.IsEmpty)
            {
                _isPublishing = false;
                _over?.SetResult();
                _over = null;
                return false;
            }

            _unpublished = _unpublished.Dequeue(out happened);
            return true;
        }
    }
}
