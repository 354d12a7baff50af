using Cassini.Streams.Events;

namespace Cassini.Tests.Supervision;

/// <summary>Keeps what is published, in order, and lets a test wait for an event without polling.</summary>
internal sealed class EventRecorder : IEventSequence
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly Lock _lock = new();
    private readonly List<BrokerEvent> _events = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long LastSequence
    {
        get
        {
            lock (_lock)
            {
                return _events.Count;
            }
        }
    }

    public IReadOnlyList<BrokerEvent> Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    public void Publish(BrokerEvent brokerEvent)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _events.Add(brokerEvent);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }

    public IReadOnlyList<T> All<T>()
        where T : BrokerEvent => [.. Events.OfType<T>()];

    /// <summary>The first event of this type after the first <paramref name="after"/> events; waits for it.</summary>
    public async Task<T> WaitForAsync<T>(string step, Func<T, bool>? where = null, long after = 0)
        where T : BrokerEvent
    {
        var found = await WaitForCountAsync(1, step, where, after);
        return found[0];
    }

    /// <summary>Waits until there are at least <paramref name="count"/> of them.</summary>
    public async Task<IReadOnlyList<T>> WaitForCountAsync<T>(int count, string step, Func<T, bool>? where = null, long after = 0)
        where T : BrokerEvent
    {
        using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
        var seen = (int)after;
        var found = new List<T>();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                for (; seen < _events.Count; seen++)
                {
                    if (_events[seen] is T match && (where is null || where(match)))
                    {
                        found.Add(match);
                    }
                }

                changed = _changed.Task;
            }

            if (found.Count >= count)
            {
                return found;
            }

            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                var last = string.Join(Environment.NewLine, Events.TakeLast(12));
                throw new TimeoutException(
                    $"{step}: {found.Count} of {count} {typeof(T).Name} came. The last events:{Environment.NewLine}{last}");
            }
        }
    }
}
