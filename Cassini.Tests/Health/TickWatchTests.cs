using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Folding;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.VirtualTime;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health;

/// <summary>
/// The watch over the projection's ticks, by a clock that stops between two steps: what it calls, it calls at that instant.
/// </summary>
public sealed class TickWatchTests : IDisposable
{
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    private readonly VirtualClock _clock = new();
    private readonly List<(TimeSpan Time, Freshness Freshness)> _changes = [];
    private readonly TickWatch _watch;

    public TickWatchTests()
    {
        TickWatch? watch = null;
        watch = new TickWatch(new EventHub(_clock.Time), new HealthPolicy(), () => _changes.Add((_clock.Elapsed, watch!.Freshness)));
        _watch = watch;
    }

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Silence_ReachesEitherWindow_IsReportedAnInstantAfterIt()
    {
        _clock.AdvanceTo(S(100));

        _changes.ShouldBe([(S(5) + Instant, Freshness.Stale), (S(30) + Instant, Freshness.Dead)]);
    }

    [Fact]
    public void Ticks_Come_TellNothing()
    {
        Tick(until: 100);

        _changes.ShouldBeEmpty();
        _watch.Freshness.ShouldBe(Freshness.Fresh);
    }

    [Fact]
    public void Silence_AfterTicks_CountsFromTheLast()
    {
        Tick(until: 7.3);
        _clock.AdvanceTo(S(20));

        _changes.ShouldBe([(S(7.3 + 5) + Instant, Freshness.Stale)]);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(50)]
    public void Tick_EndsASilence_IsReportedAtOnceAndWatchedAnew(double seconds)
    {
        _clock.AdvanceTo(S(seconds));
        _changes.Clear();

        _watch.Tick(_clock.Elapsed);
        _clock.AdvanceBy(S(10));

        _changes.ShouldBe([(S(seconds), Freshness.Fresh), (S(seconds + 5) + Instant, Freshness.Stale)]);
    }

    [Fact]
    public void Tick_FoldedLate_CountsFromWhenItHappened()
    {
        _clock.AdvanceTo(S(40));
        _changes.Clear();

        _watch.Tick(S(20));
        _clock.AdvanceTo(S(60));

        _changes.ShouldBe([(S(40), Freshness.Stale), (S(50) + Instant, Freshness.Dead)]);
    }

    [Fact]
    public void Tick_FoldedAfterItsSilenceCouldBeSeen_IsReportedAlthoughItHappenedBefore()
    {
        // A reader may have read between the deadline and now, before the timer did.
        _clock.AdvanceTo(S(5) + Instant);
        _changes.Clear();

        _watch.Tick(S(5));

        _changes.ShouldBe([(S(5) + Instant, Freshness.Fresh)]);
    }

    [Fact]
    public void Disposed_TellsNothingMore()
    {
        _watch.Dispose();
        _clock.AdvanceTo(S(100));

        _changes.ShouldBeEmpty();
        _watch.Freshness.ShouldBe(Freshness.Dead, "readers still judge");
    }

    private void Tick(double until)
    {
        while (_clock.Elapsed < S(until))
        {
            _clock.AdvanceBy(S(0.1));
            _watch.Tick(_clock.Elapsed);
        }
    }
}
