using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health.Checks;

/// <summary>Queued and dropped messages.</summary>
public class BacklogCheckTests
{
    [Fact]
    public void Backlog_OneMessage_IsInTheSingular()
    {
        var fold = Healthy(new HealthPolicy { BacklogSoft = 1, LeaveRatio = 0.5 }).At(1, Load(2)).At(2, Load(1));
        fold[CheckNames.Backlog].Message.ShouldBe("1 message queued, the limit is 1");

        fold.At(3, new MessagesDropped("slow", 1))[CheckNames.Backlog].Message.ShouldBe("1 message for slow dropped within a second");
    }

    [Fact]
    public void Backlog_OverSoftAndHard_DegradedThenErrorWithHysteresis()
    {
        var fold = Healthy(new HealthPolicy { BacklogSoft = 100, BacklogHard = 1_000, LeaveRatio = 0.8, Hold = TimeSpan.Zero });

        fold.At(0.1, Load(100))[CheckNames.Backlog].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(0.2, Load(101))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogHigh);
        fold.At(0.3, Load(81))[CheckNames.Backlog].Raw.ShouldBe(HealthStatus.Degraded);
        fold.At(0.4, Load(80))[CheckNames.Backlog].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(0.5, Load(1_001))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogFull);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.At(0.6, Load(800))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogHigh);
    }

    [Fact]
    public void Backlog_MessagesDropped_DegradedForTheHoldAfterTheLast()
    {
        var fold = Healthy(new HealthPolicy { Hold = S(15) });
        var revision = fold.State.Verdicts.Revision;

        fold.At(1, new MessagesDropped("slow", 7))[CheckNames.Backlog].Reason.ShouldBe(Reasons.MessagesDropped);
        fold.State.Verdicts.Revision.ShouldBe(revision + 1);
        fold[CheckNames.Backlog].Message.ShouldBe("7 messages for slow dropped within a second");
        fold[CheckNames.Backlog].Evidence.ShouldBe([fold.State.Through]);
        fold.State.Verdicts.Ready.ShouldBeTrue("one client never makes /readyz fail");

        fold.At(2, new MessagesDropped(null, 5))[CheckNames.Backlog].Message!.ShouldStartWith("5 messages for several clients");
        fold.State.Verdicts.Revision.ShouldBe(revision + 1);
        fold.Until(S(17) - Instant)[CheckNames.Backlog].Status.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(17))[CheckNames.Backlog].Status.ShouldBe(HealthStatus.Ok);
        fold.TransitionsOf(CheckNames.Backlog).Last().At.ShouldBe(S(17));
    }

    [Fact]
    public void Backlog_DroppedAndOverALimit_ReportsTheWorseAndThenTheOther()
    {
        var fold = Healthy(new HealthPolicy { BacklogSoft = 100, BacklogHard = 1_000, Hold = S(15) });

        fold.At(1, Load(500)).At(1, new MessagesDropped("slow", 7))[CheckNames.Backlog].Reason.ShouldBe(Reasons.MessagesDropped);
        fold.At(2, Load(1_001))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogFull);
        fold.At(3, Load(500))[CheckNames.Backlog].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(17)[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogHigh);
    }

    // What waits for the absent clients of one identity harms nobody else, so it must not turn /healthz red for all.
    [Fact]
    public void Backlog_OfAbsentClientsOfOneIdentity_IsDegradedAtMostAndNamesIt()
    {
        var policy = new HealthPolicy { BacklogSoft = 100, BacklogHard = 1_000, LeaveRatio = 0.8, Hold = TimeSpan.Zero };
        var fold = Healthy(policy).At(1, Load(5_000, "mallory", 4_500));

        fold[CheckNames.Backlog].Status.ShouldBe(HealthStatus.Degraded);
        fold[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogHigh);
        fold[CheckNames.Backlog].Message.ShouldBe(
            "5,000 messages queued, the limit is 100; absent clients of 'mallory' hold most: 4,500");

        fold.At(2, Load(5_600, "mallory", 4_500))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogFull, "the rest is over the limit");
        fold[CheckNames.Backlog].Message.ShouldBe(
            "5,600 messages queued, the limit is 1,000; absent clients of 'mallory' hold most: 4,500");
        fold.At(3, Load(5_301, "mallory", 4_500))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogFull);
        fold.At(4, Load(5_300, "mallory", 4_500))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogHigh);
    }

    private static LoadSampled Load(long queued, string? holder = null, long held = 0) =>
        new(queued, 0, 0, 0) { BacklogHolder = holder, BacklogHeld = held };
}
