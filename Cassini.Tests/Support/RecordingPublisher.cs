using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Tests.Support;

/// <summary>
/// An event publisher that keeps everything in the order it gave it, and wakes tests that wait for an event. Any thread.
/// </summary>
internal sealed class RecordingPublisher : IEventSequence
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly Epoch _epoch;
    private ImmutableList<EventEnvelope> _envelopes = [];
    private long _sequence;
    private TaskCompletionSource _published = NewSignal();

    /// <param name="time">The clock of the envelopes; the system's when left out.</param>
    public RecordingPublisher(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _began = _time.GetTimestamp();
        _epoch = Epoch.StartingAt(_time.GetUtcNow());
    }

    /// <summary>Called by each publisher after its event is kept: what it does, the publisher waits for.</summary>
    public Action<BrokerEvent>? Published { get; set; }

    public long LastSequence => Interlocked.Read(ref _sequence);

    /// <summary>Everything so far that was not taken, in order.</summary>
    public IReadOnlyList<EventEnvelope> Envelopes => Volatile.Read(ref _envelopes);

    /// <summary>Everything so far that was not taken, in order.</summary>
    public IReadOnlyList<BrokerEvent> Events => [.. Envelopes.Select(envelope => envelope.Event)];

    /// <summary>The events of one type so far that were not taken, in order.</summary>
    public IReadOnlyList<T> Of<T>()
        where T : BrokerEvent => [.. Events.OfType<T>()];

    /// <summary>Takes away everything so far; sequences go on.</summary>
    public IReadOnlyList<BrokerEvent> Take()
    {
        lock (_gate)
        {
            var taken = Events;
            Volatile.Write(ref _envelopes, []);
            return taken;
        }
    }

    public void Publish(BrokerEvent brokerEvent)
    {
        ArgumentNullException.ThrowIfNull(brokerEvent);
        TaskCompletionSource published;
        lock (_gate)
        {
            var envelope = new EventEnvelope(
                _epoch, Interlocked.Increment(ref _sequence), _time.GetUtcNow(), _time.GetElapsedTime(_began), brokerEvent);
            Volatile.Write(ref _envelopes, _envelopes.Add(envelope));
            published = _published;
            _published = NewSignal();
        }

        published.SetResult();
        Published?.Invoke(brokerEvent);
    }

    /// <summary>The first event of a type that fits, published already or yet to come.</summary>
    /// <param name="step">What the test waits for: the deadline's message says it.</param>
    /// <param name="where">Whether it fits; any one when left out. Called by the waiting test, never by a publisher.</param>
    /// <param name="after">Only events with a higher sequence count.</param>
    /// <param name="within">The deadline, in real time.</param>
    public async Task<T> WaitForAsync<T>(string step, Func<T, bool>? where = null, long after = 0, TimeSpan? within = null)
        where T : BrokerEvent => (await WaitForCountAsync(1, step, where, after, within))[0];

    /// <summary>The first <paramref name="count"/> events of a type that fit, or a few more, published already or yet to come.</summary>
    public async Task<IReadOnlyList<T>> WaitForCountAsync<T>(
        int count, string step, Func<T, bool>? where = null, long after = 0, TimeSpan? within = null)
        where T : BrokerEvent
    {
        var deadline = within ?? Eventually.Deadline;
        using var overdue = new CancellationTokenSource(deadline, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, TestContext.Current.CancellationToken);
        var found = new List<T>();
        while (true)
        {
            var (envelopes, published) = Read();
            foreach (var envelope in envelopes)
            {
                if (envelope.Sequence > after && envelope.Event is T candidate && (where is null || where(candidate)))
                {
                    found.Add(candidate);
                }
            }

            if (found.Count >= count)
            {
                return found;
            }

            after = Math.Max(after, envelopes.IsEmpty ? 0 : envelopes[^1].Sequence);
            try
            {
                await published.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException) when (overdue.IsCancellationRequested)
            {
                var seen = $"{found.Count} of {count} {typeof(T).Name}";
                throw new TimeoutException(
                    $"{step}: {seen} within {deadline.TotalSeconds} s; published: [{string.Join(", ", Events)}].");
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Together, so that the signal is that of the first event which is not in the list.
    private (ImmutableList<EventEnvelope> Envelopes, Task Published) Read()
    {
        lock (_gate)
        {
            return (_envelopes, _published.Task);
        }
    }
}
