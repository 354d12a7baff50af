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

    public long LastSequence => Volatile.Read(ref _envelopes).Count;

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<EventEnvelope> Envelopes => Volatile.Read(ref _envelopes);

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<BrokerEvent> Events => [.. Envelopes.Select(envelope => envelope.Event)];

    /// <summary>The events of one type so far, in order.</summary>
    public IReadOnlyList<T> Of<T>()
        where T : BrokerEvent => [.. Envelopes.Select(envelope => envelope.Event).OfType<T>()];

    public void Publish(BrokerEvent brokerEvent)
    {
        ArgumentNullException.ThrowIfNull(brokerEvent);
        TaskCompletionSource published;
        lock (_gate)
        {
            Volatile.Write(ref _envelopes, _envelopes.Add(new EventEnvelope(
                _epoch, _envelopes.Count + 1, _time.GetUtcNow(), _time.GetElapsedTime(_began), brokerEvent)));
            published = _published;
            _published = NewSignal();
        }

        published.SetResult();
        Published?.Invoke(brokerEvent);
    }

    /// <summary>The first event of a type, published already or yet to come.</summary>
    /// <param name="step">What the test waits for: the deadline's message says it.</param>
    /// <param name="after">Only events with a higher sequence count.</param>
    /// <param name="within">The deadline, in real time.</param>
    public Task<T> WaitForAsync<T>(string step, long after = 0, TimeSpan? within = null)
        where T : BrokerEvent => WaitForAsync<T>(_ => true, step, after, within);

    /// <summary>The first event of a type that fits, published already or yet to come.</summary>
    /// <param name="predicate">Whether it fits; called by the waiting test, never by a publisher.</param>
    /// <param name="step">What the test waits for: the deadline's message says it.</param>
    /// <param name="after">Only events with a higher sequence count.</param>
    /// <param name="within">The deadline, in real time.</param>
    public async Task<T> WaitForAsync<T>(Func<T, bool> predicate, string step, long after = 0, TimeSpan? within = null)
        where T : BrokerEvent
    {
        var deadline = within ?? Eventually.Deadline;
        using var overdue = new CancellationTokenSource(deadline, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, TestContext.Current.CancellationToken);
        var seen = (int)after;
        while (true)
        {
            var (envelopes, published) = Read();
            for (; seen < envelopes.Count; seen++)
            {
                if (envelopes[seen].Event is T candidate && predicate(candidate))
                {
                    return candidate;
                }
            }

            try
            {
                await published.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException) when (overdue.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"{step}: no such {typeof(T).Name} within {deadline.TotalSeconds} s; published: [{string.Join(", ", Events)}].");
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
