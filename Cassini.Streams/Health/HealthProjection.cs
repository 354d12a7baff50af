using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Records;

namespace Cassini.Streams.Health;

/// <summary>
/// Health as a projection of the event stream: <c>events ∪ ticks → Scan → snapshot</c>. Reading is free of I/O and
/// locks and may happen on any thread.
/// </summary>
public sealed class HealthProjection : IDisposable
{
    private readonly EventHub _hub;
    private readonly HealthPolicy _policy;
    private readonly IScheduler _scheduler;
    private readonly string _version;
    private readonly SnapshotBuilder _builder;
    private readonly SerialDisposable _ticks = new();
    private readonly IDisposable _subscription;
    private volatile HealthState _state;
    private volatile Rendered _rendered;
    private volatile TaskCompletionSource _nextRevision = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastTick;
    private int _disposed;

    /// <summary>Begins to fold. To be created before the first event is published.</summary>
    /// <param name="hub">The source of events; its fold of ticks is this one's.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="scheduler">Where ticks come from: a thread of its own, so that a busy pool does not delay them.</param>
    /// <param name="version">The program's version, for the snapshot.</param>
    /// <param name="feedHeartbeat">The longest silence of a healthy feed, for the snapshot.</param>
    public HealthProjection(EventHub hub, HealthPolicy policy, IScheduler scheduler, string version, TimeSpan feedHeartbeat)
    {
        _hub = hub;
        _policy = policy;
        _scheduler = scheduler;
        _version = version;
        _builder = new SnapshotBuilder(policy, () => hub.Log.Oldest, hub.StartedAt, version, feedHeartbeat);
        _state = HealthState.Initial(hub.Epoch, hub.StartedAt, policy);
        _rendered = new Rendered(_state, _builder.Build(_state));
        _lastTick = hub.Elapsed.Ticks;
        _subscription = hub.Inputs
            .Scan((State: _state, IsTick: false), (previous, input) => (HealthReducer.Reduce(previous.State, input, policy), input.IsTick))
            .Subscribe(step => Publish(step.State, step.IsTick), Fail);
        ResumeTicks();
    }

    /// <summary>
    /// The latest snapshot: the same object until something is folded. When the projection's own ticks stopped it says
    /// so itself: a dead projection never looks healthy.
    /// </summary>
    public HealthSnapshot Current
    {
        get
        {
            var state = _state;
            var rendered = _rendered;
            if (!ReferenceEquals(rendered.State, state))
            {
                rendered = new Rendered(state, _builder.Build(state));
                _rendered = rendered;
            }

            var age = _hub.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _lastTick));
            return age > _policy.Window ? SnapshotBuilder.Stale(rendered.Snapshot, age, _policy) : rendered.Snapshot;
        }
    }

    /// <summary>
    /// The current snapshot, then one for each new revision. A slow observer sees only the newest; one that throws
    /// loses its own subscription and nothing else. Staleness is no revision: only <see cref="Current"/> tells of it.
    /// Completes when the projection is disposed.
    /// </summary>
    public IObservable<HealthSnapshot> Changes => Observable.Create<HealthSnapshot>(async (observer, cancellation) =>
    {
        long seen = -1;
        while (!cancellation.IsCancellationRequested)
        {
            // Taken before the look, so that a revision in between completes it.
            var next = _nextRevision.Task;
            var current = Current;
            if (current.Revision != seen)
            {
                seen = current.Revision;
                observer.OnNext(current);
            }

            if (Volatile.Read(ref _disposed) != 0)
            {
                observer.OnCompleted();
                return;
            }

            await next.WaitAsync(cancellation).ConfigureAwait(false);
        }
    });

    /// <summary>Completes with the first snapshot that meets the condition: at once, or the moment it does.</summary>
    /// <param name="condition">Called on each new revision; pure and quick.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">Cancelled, or the projection was disposed.</exception>
    public async Task<HealthSnapshot> WaitForAsync(Func<HealthSnapshot, bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            var next = _nextRevision.Task;
            var current = Current;
            if (condition(current))
            {
                return current;
            }

            if (Volatile.Read(ref _disposed) != 0)
            {
                throw new OperationCanceledException("the projection has ended");
            }

            await next.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The first line of a record, without its end: the policy and the whole state of one instant, from which the events after
    /// it can be folded on. The body of <c>GET /state</c>.
    /// </summary>
    public byte[] ToRecordHeader() => RecordHeader.Write(_state, _hub.StartedAt, _version, _policy);

    /// <summary>Rehearsal: ticks stop, and readers find out by themselves.</summary>
    internal void StopTicks() => _ticks.Disposable = Disposable.Empty;

    /// <summary>Ticks run.</summary>
    internal void ResumeTicks() =>
        _ticks.Disposable = Observable.Interval(_policy.Tick, _scheduler).Subscribe(_ => _hub.Tick(), Fail);

    /// <summary>Ends the fold. <see cref="Current"/> keeps answering with the last state until it grows stale.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ticks.Dispose();
            _subscription.Dispose();
            Announce();
        }
    }

    private void Publish(HealthState state, bool isTick)
    {
        var before = _state;
        _state = state;
        var wasStale = false;
        if (isTick)
        {
            wasStale = state.Now - TimeSpan.FromTicks(_lastTick) > _policy.Window;
            Interlocked.Exchange(ref _lastTick, state.Now.Ticks);
        }

        if (state.Verdicts.Revision != before.Verdicts.Revision || wasStale)
        {
            Announce();
        }

        foreach (var transition in state.Transitions)
        {
            _hub.Publish(transition);
        }
    }

    private void Announce()
    {
        var reached = Interlocked.Exchange(ref _nextRevision, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        reached.TrySetResult();
    }

    /// <summary>The fold has died of a bug. Its ticks die with it, so every reader sees the projection go stale.</summary>
    private void Fail(Exception exception)
    {
        _ticks.Dispose();
        _hub.Publish(new Crashed(
            new Component(ComponentKind.Observer, "health projection"), exception.GetType().Name, exception.Message, 1, null));
    }

    private sealed record Rendered(HealthState State, HealthSnapshot Snapshot);
}
