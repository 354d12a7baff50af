using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Folding;
using Cassini.Streams.Health.Records;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Health.Projection;

/// <summary>
/// Health as a projection of the event stream: <c>events ∪ ticks → Scan → snapshot</c>. It can be read, observed or awaited. Each of
/// these also judges at that instant whether the projection itself still works, so a dead projection never looks healthy.
/// </summary>
public sealed class HealthProjection : IDisposable
{
    private readonly EventHub _hub;
    private readonly HealthPolicy _policy;
    private readonly IScheduler _scheduler;
    private readonly string _version;
    private readonly ILogger<HealthProjection> _logger;
    private readonly SnapshotBuilder _builder;
    private readonly Readings _readings;
    private readonly TickWatch _watch;
    private readonly SerialDisposable _ticks = new();
    private readonly IDisposable _subscription;
    private volatile HealthState _state;
    private volatile Reading _latest;

    /// <summary>Starts the fold. Create it before the first event is published.</summary>
    /// <param name="hub">The source of events, ticks and the clock.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="scheduler">The source of ticks: a thread of its own, so that a busy pool does not delay them.</param>
    /// <param name="version">The program's version, for the snapshot.</param>
    /// <param name="logger">Logs failures of observers.</param>
    internal HealthProjection(EventHub hub, HealthPolicy policy, IScheduler scheduler, string version, ILogger<HealthProjection> logger)
    {
        _hub = hub;
        _policy = policy;
        _scheduler = scheduler;
        _version = version;
        _logger = logger;
        _builder = new SnapshotBuilder(policy, () => hub.Log.Oldest, hub.StartedAt, version);
        _state = HealthState.Initial(hub.Epoch, hub.StartedAt, policy);
        _latest = new Reading(_state, Freshness.Fresh, _builder.Build(_state));
        _readings = new Readings(Read);
        _watch = new TickWatch(hub, policy, _readings.Change);
        _subscription = hub.Inputs
            .Scan((State: _state, IsTick: false), (previous, input) => (HealthReducer.Reduce(previous.State, input, policy), input.IsTick))
            .Subscribe(step => Publish(step.State, step.IsTick), Fail, End);
        ResumeTicks();
    }

    /// <summary>
    /// Health at this instant: the same object until an input is folded, or until the projection's own ticks are too old, which turns
    /// it red. Without I/O and locks; any thread.
    /// </summary>
    public HealthSnapshot Current => Read().Snapshot;

    /// <summary>
    /// <see cref="Current"/> at once, and then each visibly different one: when its revision grows, and when the projection turns stale or
    /// fresh again although nothing is folded. Subscriptions are independent.
    /// </summary>
    /// <remarks>
    /// <para>Thread: the first snapshot is observed within Subscribe, each later one on the thread pool; one at a time.</para>
    /// <para>Order: as they happened, never the same twice in a row. There is no queue: a slow observer skips to the newest, and delays
    /// neither the fold nor another observer.</para>
    /// <para>Completion: after the last snapshot, when the events end or the projection is disposed.</para>
    /// <para>Errors: it never calls OnError. An observer that throws loses its subscription; this is logged and published as
    /// <see cref="Crashed"/>.</para>
    /// </remarks>
    public IObservable<HealthSnapshot> Changes => Observable.Create<HealthSnapshot>(async (observer, unsubscribed) =>
    {
        try
        {
            // The end of the subscription throws nothing here, because Rx also ends it when the observer throws: what is caught below is
            // always the observer's exception, even an OperationCanceledException.
            await foreach (var snapshot in ReadChangesUntilAsync(unsubscribed).ConfigureAwait(false))
            {
                observer.OnNext(snapshot);
            }

            observer.OnCompleted();
        }
        catch (Exception failure)
        {
            Report("observer of health", failure);
            HealthLog.ObserverFailed(_logger, failure);
        }
    });

    /// <summary>
    /// <see cref="Changes"/> for <c>await foreach</c>: the same snapshots in the same order, with the same end. While the loop's body runs
    /// it receives nothing, and the next snapshot is the newest. Any thread; enumerations are independent. The first snapshot is there at
    /// once, and after a wait the loop continues on the thread pool unless its own <c>await</c> captures a context.
    /// </summary>
    /// <param name="cancellationToken">Ends the enumeration with an exception. Default: it is not cancelled.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<HealthSnapshot> ReadChangesAsync(CancellationToken cancellationToken = default) =>
        _readings.ReadAsync(cancellationToken);

    /// <summary>
    /// <see cref="ReadChangesAsync"/> for readers that need the last state: at <paramref name="end"/> the enumeration reads health one last
    /// time, and then completes without an exception. Threads: as of <see cref="ReadChangesAsync"/>; the thread that cancels
    /// <paramref name="end"/> runs none of it.
    /// </summary>
    /// <param name="end">Ends the enumeration.</param>
    public IAsyncEnumerable<HealthSnapshot> ReadChangesUntilAsync(CancellationToken end) => _readings.ReadUntilAsync(end);

    /// <summary>
    /// Completes with the first snapshot of <see cref="Changes"/> that meets the condition: at once if the current one does. Any thread.
    /// </summary>
    /// <param name="condition">
    /// Called with one snapshot after another: with the first one within this call, with later ones on the thread pool. Pure and quick.
    /// </param>
    /// <param name="cancellationToken">Ends the wait, after a last read of health.</param>
    /// <exception cref="OperationCanceledException">It was cancelled, the events ended, or the projection was disposed.</exception>
    public async Task<HealthSnapshot> WaitForAsync(Func<HealthSnapshot, bool> condition, CancellationToken cancellationToken)
    {
        await foreach (var snapshot in _readings.ReadUntilAsync(cancellationToken).ConfigureAwait(false))
        {
            if (condition(snapshot))
            {
                return snapshot;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw new OperationCanceledException("the projection has ended");
    }

    /// <summary>
    /// The first line of a record, without its line end: the policy and the whole state of one instant, from which the events after
    /// it can be folded on. The body of <c>GET /state</c>.
    /// </summary>
    public byte[] ToRecordHeader() => ToRecordHeader(out _);

    /// <inheritdoc cref="ToRecordHeader()"/>
    /// <param name="through">The sequence of the last event that the state includes.</param>
    internal byte[] ToRecordHeader(out long through)
    {
        var state = _state;
        through = state.Through;
        return RecordHeader.Write(state, _hub.StartedAt, _version, _policy);
    }

    /// <summary>Rehearsal: stops the ticks, so that readers see the projection turn stale.</summary>
    internal void StopTicks() => _ticks.Disposable = Disposable.Empty;

    /// <summary>Starts the ticks again.</summary>
    internal void ResumeTicks() => _ticks.Disposable = Observable.Interval(_policy.Tick, _scheduler).Subscribe(_ => _hub.Tick(), Fail);

    /// <summary>
    /// Ends the fold and completes <see cref="Changes"/>. <see cref="Current"/> returns the last state until it turns stale.
    /// </summary>
    public void Dispose()
    {
        _subscription.Dispose();
        End();
    }

    private Reading Read()
    {
        var freshness = _watch.Freshness;
        var state = _state;
        var latest = _latest;
        if (!ReferenceEquals(latest.State, state) || latest.Freshness != freshness)
        {
            latest = new Reading(state, freshness, _builder.Build(state, freshness));
            _latest = latest;
        }

        return latest;
    }

    private void Publish(HealthState state, bool isTick)
    {
        var before = _state;
        _state = state;
        if (isTick)
        {
            _watch.Tick(state.Now);
        }

        if (state.Verdicts.Revision != before.Verdicts.Revision)
        {
            _readings.Change();
        }

        foreach (var transition in state.Transitions)
        {
            _hub.Publish(transition);
        }
    }

    /// <summary>
    /// Ends the ticks, the watch and the readings. The watch ends with the events, so that a slow shutdown does not look like a projection
    /// that died.
    /// </summary>
    private void End()
    {
        _ticks.Dispose();
        _watch.Dispose();
        _readings.End();
    }

    /// <summary>
    /// Handles a fold that threw because of a bug. Its ticks stop too, so that every reader sees the projection turn stale. The hub logs
    /// it, because this runs on the thread that delivers, which must not wait for a log.
    /// </summary>
    private void Fail(Exception failure)
    {
        _ticks.Dispose();
        Report("health projection", failure);
        _hub.ReportFoldFailure(failure);
    }

    private void Report(string observer, Exception failure) =>
        _hub.Publish(Crashed.Of(new Component(ComponentKind.Observer, observer), failure, attempt: 1, restartIn: null));
}
