using System.Reactive.Linq;
using System.Reactive.Subjects;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Streams.Events.Hub;

/// <summary>
/// Publishes all events. It numbers them in one total order, calls the inline folds, keeps the log, and lets any number of observers
/// read at their own pace.
/// </summary>
/// <remarks>
/// A publisher takes the lock only to number its event and to enqueue it. Delivery happens outside the lock, by the publisher that
/// finds no other one delivering. Only one thread delivers at a time, so folds need no lock, and a re-entrant publish only enqueues
/// its event. No observer's exception or slowness reaches a publisher, the hub or another observer. An exception of an observer or
/// a fold is logged once with its stack, on the thread pool.
/// </remarks>
public sealed class EventHub : IEventSequence
{
    private static readonly TimeSpan LongestLastDelivery = TimeSpan.FromSeconds(2);
    private readonly TimeProvider _time;
    private readonly EventHubOptions _options;
    private readonly long _started;
    private readonly object _gate = new();
    private readonly Subject<FoldInput> _inputs = new();
    private readonly ObserverPumps _pumps;
    private List<FoldInput> _pending = [];
    private List<FoldInput> _batch = [];
    private long _sequence;
    private int _drainer;
    private bool _completed;
    private long _late;
    private long _foldFaults;

    /// <summary>Starts an epoch.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="options">Bounds; the defaults when null.</param>
    /// <param name="logger">Where failures of folds and observers are logged; nowhere when null.</param>
    internal EventHub(TimeProvider time, EventHubOptions? options = null, ILogger<EventHub>? logger = null)
    {
        _time = time;
        _options = options ?? new EventHubOptions();
        _started = time.GetTimestamp();
        StartedAt = WallClock();
        Epoch = Epoch.StartingAt(StartedAt);
        Log = new EventLog(Epoch, _options.LogCapacity);
        _pumps = new ObserverPumps(this, logger ?? NullLogger<EventHub>.Instance);
    }

    /// <summary>The run of the process.</summary>
    public Epoch Epoch { get; }

    /// <summary>When the epoch began, UTC.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The newest events. Every feed and every observer reads from this log.</summary>
    internal EventLog Log { get; }

    /// <summary>The clock, for folds that need a timer.</summary>
    internal TimeProvider Time => _time;

    /// <summary>Monotonic time since the epoch began: setting the wall clock does not change it.</summary>
    internal TimeSpan Elapsed => _time.GetElapsedTime(_started);

    /// <inheritdoc/>
    public long LastSequence => Interlocked.Read(ref _sequence);

    /// <summary>Events published after <see cref="CompleteAsync"/>: counted and dropped. 0 unless a component outlives its stop.</summary>
    internal long LateEvents => Interlocked.Read(ref _late);

    /// <summary>
    /// Exceptions thrown by inline folds, each logged with its stack. 0 unless there is a bug. A fold that threw is detached; if it is
    /// health's fold, health turns stale.
    /// </summary>
    internal long FoldFaults => Interlocked.Read(ref _foldFaults);

    /// <summary>
    /// Events and ticks, inline. Only for folds of this assembly, because they see every event, must be quick and must not throw. All
    /// other code uses <see cref="Observe"/>.
    /// </summary>
    internal IObservable<FoldInput> Inputs => _inputs.AsObservable();

    /// <inheritdoc/>
    public void Publish(BrokerEvent brokerEvent)
    {
        ArgumentNullException.ThrowIfNull(brokerEvent);
        Enter(brokerEvent);
    }

    /// <summary>Gives the folds the current time when no event happened. Any thread.</summary>
    internal void Tick() => Enter(null);

    /// <summary>Counts the exception of an inline fold, and logs it with its stack on the thread pool. Any thread; does not wait.</summary>
    internal void ReportFoldFailure(Exception failure)
    {
        Interlocked.Increment(ref _foldFaults);
        _pumps.LogFoldFailure(failure);
    }

    /// <summary>
    /// The events from the moment of subscription on. Each subscription has its own bounded queue and its own pump on the thread pool.
    /// An observer that throws is detached, published as <see cref="Crashed"/> and logged with its stack; an observer that is too slow
    /// gets a gap. Completes when the hub does; never calls OnError.
    /// </summary>
    /// <param name="name">The observer's name in events and in the log.</param>
    public IObservable<Delivery> Observe(string name) => ObserveAfter(name, () => Log.Newest);

    /// <summary><see cref="Observe"/>, from the oldest event of the log on, for an observer that comes soon after the start.</summary>
    /// <param name="name">The observer's name in events and in the log.</param>
    internal IObservable<Delivery> ObserveFromStart(string name) => ObserveAfter(name, () => Log.Oldest - 1);

    /// <summary>
    /// Ends the epoch: everything published so far is delivered, then folds and observers complete. Later events are
    /// counted as late. Do not call it from an inline fold.
    /// </summary>
    /// <returns>Completes when every observer has been completed, and at the latest after two seconds.</returns>
    internal async Task CompleteAsync()
    {
        lock (_gate)
        {
            while (_drainer != 0)
            {
                Monitor.Wait(_gate);
            }

            if (_completed)
            {
                return;
            }

            _completed = true;
        }

        _inputs.OnCompleted();
        Log.Complete();
        await _pumps.WhenAllEnded().WaitAsync(LongestLastDelivery, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private IObservable<Delivery> ObserveAfter(string name, Func<long> sequence) => Observable.Create<Delivery>(
        observer => _pumps.Start(name, observer, Log.OpenCursor(sequence(), _options.ObserverQueue)));

    private void Enter(BrokerEvent? brokerEvent)
    {
        var me = Environment.CurrentManagedThreadId;
        lock (_gate)
        {
            // Back-pressure instead of loss. The delivering thread itself never waits, because only it empties the queue.
            while (_pending.Count >= _options.PendingCapacity && _drainer != 0 && _drainer != me)
            {
                Monitor.Wait(_gate);
            }

            if (_completed)
            {
                _late += brokerEvent is null ? 0 : 1;
                return;
            }

            _pending.Add(Stamp(brokerEvent));
            if (_drainer != 0)
            {
                return;
            }

            _drainer = me;
        }

        Drain();
    }

    private FoldInput Stamp(BrokerEvent? brokerEvent)
    {
        var elapsed = _time.GetElapsedTime(_started);
        if (brokerEvent is null)
        {
            return new FoldInput(elapsed, null);
        }

        var sequence = _sequence + 1;
        Interlocked.Exchange(ref _sequence, sequence);
        return new FoldInput(elapsed, new EventEnvelope(Epoch, sequence, WallClock(), elapsed, brokerEvent));
    }

    private void Drain()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_pending.Count == 0)
                {
                    _drainer = 0;
                    Monitor.PulseAll(_gate);
                    return;
                }

                (_pending, _batch) = (_batch, _pending);
                Monitor.PulseAll(_gate);
            }

            foreach (var input in _batch)
            {
                Deliver(input);
            }

            _batch.Clear();
            Log.Signal();
        }
    }

    private void Deliver(FoldInput input)
    {
        try
        {
            // Folds come before the log, so that a reader of an event in the log finds a snapshot that includes it.
            _inputs.OnNext(input);
        }
        catch (Exception failure)
        {
            // Folds catch their own exceptions. This catch is the last defence, so that a bug in a fold cannot stop delivery.
            ReportFoldFailure(failure);
        }

        if (input.Envelope is { } envelope)
        {
            Log.Append(envelope);
        }
    }

    /// <summary>Cut to milliseconds, like the written form, so that a log that is read back has exactly what was folded.</summary>
    private DateTimeOffset WallClock()
    {
        var now = _time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
    }
}
