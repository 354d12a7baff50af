using System.Collections.Immutable;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// The last changes of the fleet: the queue of every reader, which is only a position in it. One that falls behind by more than is kept has
/// to begin anew. Thread-safe.
/// </summary>
internal sealed class FleetLog
{
    /// <summary>How many changes are kept.</summary>
    public const int Capacity = 1024;

    private readonly Lock _lock = new();
    private readonly FleetChange?[] _ring = new FleetChange?[Capacity];
    private TaskCompletionSource _news = NewSource();
    private long _newest;
    private bool _isCompleted;

    /// <summary>The number of the last change; 0 when there was none.</summary>
    public long Newest
    {
        get
        {
            lock (_lock)
            {
                return _newest;
            }
        }
    }

    /// <summary>The number of the first change that is kept.</summary>
    public long Oldest => Math.Max(1, Newest - Capacity + 1);

    /// <summary>Whether there will be no more.</summary>
    public bool IsCompleted
    {
        get
        {
            lock (_lock)
            {
                return _isCompleted;
            }
        }
    }

    /// <summary>Adds changes, whose numbers follow the last one's.</summary>
    public void Append(ImmutableArray<FleetChange> changes)
    {
        if (!changes.IsEmpty)
        {
            Wake(() =>
            {
                foreach (var change in changes)
                {
                    _ring[change.Revision % Capacity] = change;
                    _newest = change.Revision;
                }
            });
        }
    }

    /// <summary>A change; null when it is no longer kept, or not there yet.</summary>
    public FleetChange? Find(long revision)
    {
        lock (_lock)
        {
            return _ring[revision % Capacity] is { } change && change.Revision == revision ? change : null;
        }
    }

    /// <summary>Completes when there is a change after this one, or there will be none.</summary>
    public Task WaitAsync(long after)
    {
        lock (_lock)
        {
            return _newest > after || _isCompleted ? Task.CompletedTask : _news.Task;
        }
    }

    /// <summary>There will be no more changes.</summary>
    public void Complete() => Wake(() => _isCompleted = true);

    private void Wake(Action change)
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            change();
            (news, _news) = (_news, NewSource());
        }

        news.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
