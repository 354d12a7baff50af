using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>The listener manager's heartbeat and counts, to the tick.</summary>
public class ManagerCheckTests
{
    [Fact]
    public void Manager_CountsOneConnection_IsInTheSingular()
    {
        var fold = Healthy().At(1, Heartbeat(live: 1)).At(4, Heartbeat(live: 1)).Until(6);

        fold[CheckNames.Manager].Message.ShouldBe("the listener manager counts 1 live connection, the events 0");
    }

    [Fact]
    public void Manager_HeartbeatMissing_IsErrorExactlyAtTheWindow()
    {
        var fold = Healthy();
        var last = S(2);
        fold.At(last, Heartbeat());

        fold.Until(last + fold.Policy.Window - Instant)[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(last + fold.Policy.Window)[CheckNames.Manager].Reason.ShouldBe(Reasons.HeartbeatMissing);
        fold.TransitionsOf(CheckNames.Manager).Last().At.ShouldBe(last + fold.Policy.Window);
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    /// <summary>A stop that takes long at its end, for telemetry or open requests, is not a fault of the manager.</summary>
    [Fact]
    public void Manager_HeartbeatMissingAfterTheStop_IsNoFault()
    {
        var fold = Healthy();
        fold.At(2, Heartbeat()).At(2.1, new PhaseEntered(Phase.Stopped));

        fold.Until(S(2) + (3 * fold.Policy.Window))[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Manager_HeartbeatMissingLongAgo_TransitionCarriesTheDeadlineNotTheTick()
    {
        var fold = Healthy().At(2, Heartbeat()).Until(500);

        fold.TransitionsOf(CheckNames.Manager).Last().At.ShouldBe(S(2) + fold.Policy.Window);
    }

    [Fact]
    public void Manager_SlowHeartbeats_DegradedWithHysteresis()
    {
        var fold = Healthy(new HealthPolicy { SlowRoundTrip = S(0.5), LeaveRatio = 0.8, Hold = TimeSpan.Zero });

        fold.At(1, Heartbeat(499))[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(2, Heartbeat(500))[CheckNames.Manager].Reason.ShouldBe(Reasons.HeartbeatSlow);
        fold.At(3, Heartbeat(400))[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Degraded);
        fold.At(4, Heartbeat(399))[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Manager_CountsContradictLongerThanWindow_IsError()
    {
        var fold = Healthy();
        for (var t = 1; t <= 5; t++)
        {
            fold.At(t, Heartbeat(live: 3))[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        }

        fold.Until(S(6) - Instant)[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(6))[CheckNames.Manager].Reason.ShouldBe(Reasons.CountsContradict);
        fold.At(7, Heartbeat(live: 0))[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Manager_DifferenceExplainedByEventsInFlight_IsNoContradiction()
    {
        var fold = Healthy();
        for (var t = 1; t <= 20; t++)
        {
            // The manager counted two events ago, and counted one connection that is already gone.
            fold.At(t, Heartbeat(live: 1, countedAt: fold.State.Through - 1));
        }

        fold[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
    }
}
