using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Support;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health;

/// <summary>What readers get when ticks stop.</summary>
public sealed class StaleChangesTests : IDisposable
{
    private readonly HealthChangesRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_TicksStop_GetsStaleAndThenDeadAtTheirTimes(bool observes)
    {
        _rig.BecomeReady();
        _rig.Clock.AdvanceTo(S(1));
        await using var reader = HealthReader.Start(_rig.Health, observes);
        (await reader.NextAsync("all is well")).Ready.ShouldBeTrue();
        _rig.Health.StopTicks();

        // The last tick was at 1 s, and the windows are 5 s and 30 s.
        _rig.Clock.AdvanceTo(S(6));
        _rig.Health.Current.Ready.ShouldBeTrue();
        reader.Unread.ShouldBe(0);

        _rig.Clock.AdvanceBy(Instant);
        var stale = await reader.NextAsync("it is stale");
        stale.ShouldSatisfyAllConditions(
            () => stale.IsStale.ShouldBeTrue(),
            () => stale.Status.ShouldBe(HealthStatus.Error),
            () => stale.Ready.ShouldBeFalse(),
            () => stale.Live.ShouldBeTrue("livez waits for its own, longer window"),
            () => stale.ShouldBeSameAs(_rig.Health.Current));

        _rig.Clock.AdvanceTo(S(31));
        reader.Unread.ShouldBe(0);
        _rig.Clock.AdvanceBy(Instant);
        (await reader.NextAsync("it is dead")).Live.ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_TicksRunAgain_GetsThatHealthIsFresh(bool observes)
    {
        _rig.BecomeReady();
        await using var reader = HealthReader.Start(_rig.Health, observes);
        (await reader.NextAsync("all is well")).Ready.ShouldBeTrue();
        _rig.Health.StopTicks();
        _rig.Clock.AdvanceTo(S(31) + Instant);
        _rig.Health.Current.Live.ShouldBeFalse();

        _rig.Health.ResumeTicks();
        _rig.Hub.Publish(Heartbeat());
        _rig.Hub.Publish(Probed());
        _rig.Hub.Publish(CanarySucceeded());
        _rig.Clock.AdvanceBy(S(0.5));
        HealthSnapshot fresh;
        do
        {
            fresh = await reader.NextAsync("it is fresh");
        }
        while (fresh.IsStale);

        fresh.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Reader_TicksStop_StillGetsWhatIsFolded()
    {
        _rig.BecomeReady();
        await using var reader = HealthReader.Start(_rig.Health, observes: false);
        await reader.NextAsync("all is well");
        _rig.Health.StopTicks();
        _rig.Clock.AdvanceTo(S(6));
        await reader.NextAsync("it is stale");

        _rig.Hub.Publish(new PhaseEntered(Phase.Draining));

        var next = await reader.NextAsync("the phase");
        next.Phase.ShouldBe(Phase.Draining);
        next.IsStale.ShouldBeTrue();
    }

    /// <summary>Time passes on one thread and ticks come on another, so that deadlines, ticks and looks meet in every order.</summary>
    [Fact]
    public async Task Reader_TicksComeJustWhenTheyAreMissed_IsNeverLeftWithTheWrongAnswer()
    {
        _rig.BecomeReady();
        _rig.Health.StopTicks();
        await using var reader = HealthReader.Start(_rig.Health, observes: false);
        var last = await reader.NextAsync("the first");
        for (var round = 0; round < 100; round++)
        {
            var ticks = Task.Run(_rig.Hub.Tick);
            _rig.Clock.AdvanceBy(S(5) + Instant);
            await Eventually.CompletesAsync("the tick", ticks);
            var isStale = _rig.Health.Current.IsStale;
            while (last.IsStale != isStale || reader.Unread > 0)
            {
                last = await reader.NextAsync($"the right answer in round {round}");
            }
        }
    }
}
