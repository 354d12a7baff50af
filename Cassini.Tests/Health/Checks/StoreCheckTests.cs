using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health.Checks;

/// <summary>The durable store, to the tick.</summary>
public class StoreCheckTests
{
    private static readonly StoreOpened Opened = new("flush", 1_000, 2, 3, S(0.1));

    [Fact]
    public void Store_NoneIsUsed_IsOffAndReady()
    {
        var fold = Healthy();

        fold[CheckNames.Store].Status.ShouldBe(HealthStatus.Off);
        fold[CheckNames.Store].Reason.ShouldBe(Reasons.StoreOff);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Facts.Store.Visible.ShouldBeNull();
    }

    [Fact]
    public void Store_IsRead_IsUnknownWithItsProgressAndThenOk()
    {
        var fold = Healthy().At(1, new StoreRecovering(250, 1_000, 1, 2));

        fold[CheckNames.Store].Status.ShouldBe(HealthStatus.Unknown);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Facts.Store.Visible!.Recovery.ShouldBe(new StoreRecovery(250, 1_000, 1, 2));

        fold.At(2, Opened)[CheckNames.Store].Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Facts.Store.Visible.ShouldBe(new StoreHealth("flush", 1_000, 0, 0, 0));
    }

    [Theory]
    [InlineData(StoreProblem.Full, Reasons.StoreFull, true)]
    [InlineData(StoreProblem.Failing, Reasons.StoreFailing, false)]
    public void Store_CannotKeepMessages_IsErrorUntilItCan(StoreProblem problem, string reason, bool isReady)
    {
        var fold = Healthy().At(1, Opened).At(2, new StoreFailed(problem, "the disk is full"));

        fold[CheckNames.Store].Status.ShouldBe(HealthStatus.Error);
        fold[CheckNames.Store].Reason.ShouldBe(reason);
        fold[CheckNames.Store].Message.ShouldBe("messages that would be stored are refused: the disk is full");
        fold.State.Verdicts.Ready.ShouldBe(isReady, "on a full disk new clients are served");
        fold.State.Facts.LastError!.Message.ShouldBe("store: the disk is full");

        fold.At(3, Sample(lag: 0, slowest: 0))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Error);
        fold.At(4, new StoreResumed(S(2)))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Ok);
        fold.State.Facts.Store.Visible!.Problem.ShouldBeNull();
    }

    // The last sample may be of before the first message.
    [Fact]
    public void Store_IsFullBetweenTwoSamples_SaysHowLargeItIsThen()
    {
        var fold = Healthy().At(1, Opened).At(2, new StoreFailed(StoreProblem.Full, "the disk is full") { Bytes = 5_000 });
        fold.State.Facts.Store.Visible!.Bytes.ShouldBe(5_000);

        fold.At(3, new StoreResumed(S(1)) { Bytes = 700 });
        fold.State.Facts.Store.Visible!.Bytes.ShouldBe(700);

        fold.At(4, new StoreFailed(StoreProblem.Full, "as an older version said it"));
        fold.State.Facts.Store.Visible!.Bytes.ShouldBe(700);
    }

    [Fact]
    public void Store_CommitsAreSlow_IsDegradedFromTheThresholdUntilBelowItsPart()
    {
        var fold = Healthy().At(1, Opened);
        var slow = fold.Policy.SlowCommit.TotalSeconds;

        fold.At(2, Sample(lag: 0, slowest: slow - 0.001))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(3, Sample(lag: 0, slowest: slow))[CheckNames.Store].Reason.ShouldBe(Reasons.StoreSlow);
        fold.At(4, Sample(lag: slow * fold.Policy.LeaveRatio, slowest: 0))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Degraded);
        fold.At(5, Sample(lag: 0, slowest: (slow * fold.Policy.LeaveRatio) - 0.001))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Store_AChangeWaitsForVeryLong_IsErrorAndNotReady()
    {
        var fold = Healthy().At(1, Opened);

        fold.At(2, Sample(lag: fold.Policy.StalledCommit.TotalSeconds, slowest: 0))[CheckNames.Store].Reason.ShouldBe(Reasons.StoreStalled);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(3, Sample(lag: 0, slowest: 12))[CheckNames.Store].Reason.ShouldBe(Reasons.StoreStalled);
        fold[CheckNames.Store].Raw.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public void Store_LittleRoomIsLeft_IsDegraded()
    {
        var warned = Sample(lag: 0, slowest: 0);
        var fold = Healthy().At(1, Opened).At(2, warned with { Store = warned.Store! with { Warning = "little room" } });

        fold[CheckNames.Store].Reason.ShouldBe(Reasons.StoreSpaceLow);
        fold[CheckNames.Store].Message.ShouldBe("little room");
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Store_ItsLogCannotBeCopied_IsDegraded()
    {
        var failing = Sample(lag: 0, slowest: 0);
        var fold = Healthy().At(1, Opened).At(2, failing with { Store = failing.Store! with { CheckpointFailure = "bad disk" } });

        fold[CheckNames.Store].Status.ShouldBe(HealthStatus.Degraded);
        fold[CheckNames.Store].Reason.ShouldBe(Reasons.StoreLogGrows);
        fold[CheckNames.Store].Message.ShouldBe("the journal's write-ahead log cannot be copied into it: bad disk");
        fold.At(3, Sample(lag: 0, slowest: 0))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Store_MessagesCannotBeReadBack_IsDegraded()
    {
        var failing = Sample(lag: 0, slowest: 0);
        var fold = Healthy().At(1, Opened).At(2, failing with { Store = failing.Store! with { ReadFailure = "group 7 is missing" } });

        fold[CheckNames.Store].Status.ShouldBe(HealthStatus.Degraded);
        fold[CheckNames.Store].Reason.ShouldBe(Reasons.StoreUnreadable);
        fold[CheckNames.Store].Message.ShouldBe("group 7 is missing");
        fold.At(3, Sample(lag: 0, slowest: 0))[CheckNames.Store].Raw.ShouldBe(HealthStatus.Ok);
    }

    private static LoadSampled Sample(double lag, double slowest) =>
        new(0, 0, 0, 0) { Store = new StoreLoad(1_000, 500, S(lag), S(slowest)) };
}
