using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Projection;

/// <summary>
/// Watches the projection's own ticks: judges their freshness when asked, and reports by a timer when it is lost. The timer is the
/// clock's and runs on the thread pool, because it must not depend on the thread whose silence it reports.
/// </summary>
internal sealed class TickWatch : IDisposable
{
    /// <summary>A system timer may fire some milliseconds early. A next timer with no delay would then spin.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly EventHub _hub;
    private readonly HealthPolicy _policy;
    private readonly Action _changed;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private long _lastTick;

    /// <summary>Begins to watch, as if a tick had just been folded.</summary>
    /// <param name="hub">The source of the clock.</param>
    /// <param name="policy">How old the last tick may be.</param>
    /// <param name="changed">Called when the freshness may have changed: by the timer, or by the tick that ends a silence. Quick.</param>
    public TickWatch(EventHub hub, HealthPolicy policy, Action changed)
    {
        _hub = hub;
        _policy = policy;
        _changed = changed;
        _lastTick = hub.Elapsed.Ticks;
        _timer = hub.Time.CreateTimer(static watch => ((TickWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Arm();
    }

    /// <summary>The freshness at this instant. Any thread.</summary>
    public Freshness Freshness => Judge(Age);

    // The clock is read before the tick, for the reason given in Tick.
    private TimeSpan Age => _hub.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _lastTick));

    /// <summary>Records that a tick was folded. One thread at a time.</summary>
    /// <param name="at">When it happened.</param>
    public void Tick(TimeSpan at)
    {
        var before = TimeSpan.FromTicks(Interlocked.Exchange(ref _lastTick, at.Ticks));

        // The clock is read after the exchange, so that no reader can have combined a later time with the previous tick: every reader that
        // found the tick too old is notified.
        if (Judge(_hub.Elapsed - before) is not Freshness.Fresh)
        {
            Arm();
            _changed();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        // Ticks do not touch the timer. While they arrive it fires once in a window, and only computes its next delay.
        if (Arm() is not Freshness.Fresh)
        {
            _changed();
        }
    }

    /// <summary>Sets the timer for the instant at which the freshness gets worse without another tick.</summary>
    private Freshness Arm()
    {
        lock (_gate)
        {
            var age = Age;
            var freshness = Judge(age);
            _timer.Change(WaitFor(freshness, age), Timeout.InfiniteTimeSpan);
            return freshness;
        }
    }

    private Freshness Judge(TimeSpan age) =>
        age <= _policy.Window ? Freshness.Fresh : age <= _policy.LiveWindow ? Freshness.Stale : Freshness.Dead;

    private TimeSpan WaitFor(Freshness freshness, TimeSpan age)
    {
        if (freshness is Freshness.Dead)
        {
            return Timeout.InfiniteTimeSpan;
        }

        // A tick exactly one window old is still fresh: freshness ends one tick of the clock later.
        var wait = (freshness is Freshness.Fresh ? _policy.Window : _policy.LiveWindow) - age + TimeSpan.FromTicks(1);
        return wait > ShortestWait ? wait : ShortestWait;
    }
}
