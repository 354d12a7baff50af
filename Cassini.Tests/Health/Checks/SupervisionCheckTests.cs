using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>Crashes and components that were given up, to the tick.</summary>
public class SupervisionCheckTests
{
    [Fact]
    public void Supervision_ConnectionCrash_IsErrorForTheHoldThenDegradedThenOk()
    {
        var fold = Healthy().At(1, Crashed(ComponentKind.Connection));

        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.Crashed);
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeTrue("one client never fails /readyz");
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold.Until(S(16) - Instant)[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16))[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61) - Instant)[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61))[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Supervision_CrashesReachTheLimit_StayErrorUntilOneLeavesTheWindow()
    {
        var fold = Healthy();
        for (var t = 1; t <= 5; t++)
        {
            fold.At(t, Crashed(ComponentKind.Connection, $"{t}"));
        }

        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.TooManyCrashes);
        fold[CheckNames.Supervision].Evidence.Length.ShouldBe(5);
        fold.Until(S(61) - Instant)[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(61))[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Degraded);
    }

    [Theory]
    [InlineData(ComponentKind.ListenerManager)]
    [InlineData(ComponentKind.AcceptLoop)]
    public void Supervision_CoreDown_IsNotReadyUntilItIsBackAndHeld(ComponentKind kind)
    {
        var fold = Healthy().At(1, Crashed(kind, "x", 0.1));

        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.CoreDown);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(1.1, new Restarted(new Component(kind, "x"), 1));
        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.Crashed);
        fold.State.Verdicts.Ready.ShouldBeFalse("recovery is held");
        fold.QuietUntil(S(16) - Instant).State.Verdicts.Ready.ShouldBeFalse();
        fold.QuietUntil(S(16)).State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Supervision_ProbeDown_IsErrorButReady()
    {
        var fold = Healthy().At(1, Crashed(ComponentKind.Probe, "canary", 0.1));

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Supervision_CoreGaveUp_FailsLivezForGood()
    {
        var fold = Healthy().At(1, Crashed(ComponentKind.ListenerManager, "")).At(1, new GaveUp(Manager, 5, S(60)));

        fold.State.Verdicts.Live.ShouldBeFalse();
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.QuietUntil(S(1_000)).State.Verdicts.Live.ShouldBeFalse();
        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.GaveUp);
    }

    [Fact]
    public void LastError_GivenUpAfterOneCrash_IsInTheSingular() =>
        Healthy().At(1, new GaveUp(new Component(ComponentKind.Service, "x"), 1, S(60))).State.Facts.LastError!.Message
            .ShouldBe("Service x given up after 1 crash");
}
