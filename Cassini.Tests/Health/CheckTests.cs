using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health;

/// <summary>Every row of the checks table: entering and leaving, to the tick.</summary>
public class CheckTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    [Fact]
    public void Initial_NoEvidence_IsErrorAndNotReadyButLive()
    {
        var fold = new Fold();

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Unknown);
        fold[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void AllChecks_GoodEvidence_AreOkAndReadyAtOnce()
    {
        var fold = Healthy();

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Verdicts.Checks.ShouldAllBe(check => check.Status == HealthStatus.Ok && check.Reason == null && check.Message == null);
    }

    [Fact]
    public void Bind_OneOfTwoFails_IsErrorUntilBoundAndHeld()
    {
        var fold = Healthy(new HealthPolicy { Hold = S(15) });

        fold.At(1, BindFailed("127.0.0.1:8884"));
        var check = fold[CheckNames.Bind];
        check.Status.ShouldBe(HealthStatus.Error);
        check.Reason.ShouldBe(Reasons.BindFailed);
        check.Message.ShouldBe("1 of 2 endpoints is not bound: 127.0.0.1:8884 (AddressAlreadyInUse), retry in 4 s");
        check.Evidence.ShouldBe([fold.State.Through]);
        fold.State.Verdicts.Ready.ShouldBeFalse();

        fold.At(5, Bound("127.0.0.1:8884")).At(5, Probed("127.0.0.1:8884"));
        fold[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16) - Tick)[CheckNames.Bind].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16))[CheckNames.Bind].Status.ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [InlineData(1, 1, "1 of 1 endpoint is not bound: 127.0.0.1:1 (AddressAlreadyInUse), retry in 4 s")]
    [InlineData(1, 2, "1 of 2 endpoints is not bound: ")]
    [InlineData(2, 3, "2 of 3 endpoints are not bound: 127.0.0.1:1 (AddressAlreadyInUse), retry in 4 s; 127.0.0.1:2 ")]
    public void Bind_SomeOfSeveralFail_TheMessageCountsThem(int missing, int all, string message)
    {
        var fold = new Fold();
        for (var port = 1; port <= all; port++)
        {
            BrokerEvent attempt = port <= missing ? BindFailed($"127.0.0.1:{port}") : Bound($"127.0.0.1:{port}");
            fold.At(0, attempt);
        }

        fold[CheckNames.Bind].Message.ShouldNotBeNull().ShouldStartWith(message);
    }

    [Fact]
    public void Backlog_OneMessage_IsInTheSingular()
    {
        var fold = Healthy(new HealthPolicy { BacklogSoft = 1, LeaveRatio = 0.5 }).At(1, Load(2)).At(2, Load(1));
        fold[CheckNames.Backlog].Message.ShouldBe("1 message queued, the limit is 1");

        fold.At(3, new MessagesDropped("slow", 1))[CheckNames.Backlog].Message.ShouldBe("1 message for slow dropped within a second");
    }

    [Fact]
    public void Handshake_OneOfOne_IsInTheSingular() =>
        Healthy(new HealthPolicy { HandshakeMinimum = 1 }).At(1, Refused(1))[CheckNames.Handshake].Message.ShouldBe("1 of 1 handshake refused in 60 s");

    [Fact]
    public void Canary_OneFailureThenTwo_TheMessageCountsThem()
    {
        var fold = Healthy().At(1, CanaryFailed());
        fold[CheckNames.Canary].Message.ShouldBe($"a round trip failed at Session of {Endpoint}: no session");

        fold.At(2, CanaryFailed())[CheckNames.Canary].Message.ShouldBe($"2 round trips in a row failed; the last at Session of {Endpoint}: no session");
    }

    [Fact]
    public void Manager_CountsOneConnection_IsInTheSingular()
    {
        var fold = Healthy().At(1, Heartbeat(live: 1)).At(4, Heartbeat(live: 1)).Until(6);

        fold[CheckNames.Manager].Message.ShouldBe("the listener manager counts 1 live connection, the events 0");
    }

    [Fact]
    public void LastError_GivenUpAfterOneCrash_IsInTheSingular() =>
        Healthy().At(1, new GaveUp(new Component(ComponentKind.Service, "x"), 1, S(60))).State.Facts.LastError!.Message
            .ShouldBe("Service x given up after 1 crash");

    [Fact]
    public void Bind_ClosedEndpoint_IsError() =>
        Healthy().At(1, new ListenerClosed(Endpoint, ListenerCloseReason.Rehearsal))[CheckNames.Bind].Reason.ShouldBe(Reasons.EndpointClosed);

    [Fact]
    public void Bind_FirstAttemptPending_IsUnknown() =>
        new Fold().At(0, new ListenerConfigured(Endpoint))[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Unknown);

    [Fact]
    public void Manager_HeartbeatMissing_IsErrorExactlyAtTheWindow()
    {
        var fold = Healthy();
        var last = S(2);
        fold.At(last, Heartbeat());

        fold.Until(last + fold.Policy.Window - Tick)[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(last + fold.Policy.Window)[CheckNames.Manager].Reason.ShouldBe(Reasons.HeartbeatMissing);
        fold.TransitionsOf(CheckNames.Manager).Last().At.ShouldBe(last + fold.Policy.Window);
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    /// <summary>A stop that takes a while at its end, for telemetry or open requests, is no fault of the manager's.</summary>
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

        fold.Until(S(6) - Tick)[CheckNames.Manager].Raw.ShouldBe(HealthStatus.Ok);
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

    [Fact]
    public void Accept_ProbeMissing_IsErrorExactlyAtTheWindow()
    {
        var fold = Healthy().At(2, Probed()).At(2, Heartbeat());

        fold.Until(S(7) - Tick)[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(7))[CheckNames.Accept].Reason.ShouldBe(Reasons.AcceptStalled);
        fold.At(8, Probed())[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Accept].Status.ShouldBe(HealthStatus.Error);
        fold.At(S(7) + fold.Policy.Hold - Tick, Probed())[CheckNames.Accept].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(7) + fold.Policy.Hold)[CheckNames.Accept].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Accept_OneOfTwoEndpointsStalls_NamesIt()
    {
        var fold = Healthy().At(1, Bound("[::1]:8883")).At(1, Probed("[::1]:8883"));
        for (var t = 2; t <= 6; t++)
        {
            fold.At(t, Probed());
        }

        fold[CheckNames.Accept].Reason.ShouldBe(Reasons.AcceptStalled);
        fold[CheckNames.Accept].Message!.ShouldContain("[::1]:8883");
        fold[CheckNames.Accept].Message!.ShouldNotContain(Endpoint);
    }

    [Fact]
    public void Accept_BoundAgainAfterFailure_NeedsFreshEvidence()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero }).At(1, BindFailed()).At(2, Bound());

        fold[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Unknown);
        fold.At(3, Probed())[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Accept_SlowProbe_IsDegradedAndStaysReady()
    {
        var fold = Healthy().At(1, Probed(milliseconds: 700));

        fold[CheckNames.Accept].Reason.ShouldBe(Reasons.AcceptSlow);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public void Canary_FailsOnceThenTwice_DegradedThenError()
    {
        var fold = Healthy();

        fold.At(1, CanaryFailed())[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.At(2, CanaryFailed())[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(3, CanarySucceeded())[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Canary_FailsBeforeItsFirstSuccess_IsNotReady()
    {
        var fold = new Fold().At(1, CanaryFailed());

        fold[CheckNames.Canary].Status.ShouldBe(HealthStatus.Unknown);
        fold.At(2, CanaryFailed())[CheckNames.Canary].Status.ShouldBe(HealthStatus.Error);
    }

    [Fact]
    public void Canary_AnotherClientGetsIn_CapsItAtDegradedForItsWindow()
    {
        var fold = Healthy().At(1, CanaryFailed()).At(2, CanaryFailed());
        fold.At(3, new SessionOpened(1, "a", "alice", "MQTT 5.0", false));

        fold[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(3) + fold.Policy.OtherClientWindow - Tick)[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(3) + fold.Policy.OtherClientWindow)[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Error);
    }

    [Fact]
    public void Canary_SilentForTooLong_IsErrorExactlyThen()
    {
        var fold = Healthy().At(1, CanarySucceeded());

        fold.Until(S(1) + fold.Policy.CanaryWindow - Tick)[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(1) + fold.Policy.CanaryWindow)[CheckNames.Canary].Reason.ShouldBe(Reasons.CanaryStale);
    }

    [Fact]
    public void Canary_OwnCertificateExpired_IsDegradedHoweverOften()
    {
        var fold = Healthy();
        for (var t = 1; t < 6; t++)
        {
            fold.At(t, CanaryFailed(CanaryFailure.OwnCertificateExpired));
        }

        fold[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold[CheckNames.Canary].Reason.ShouldBe(Reasons.CanaryCertificateExpired);
    }

    [Fact]
    public void Canary_Slow_IsDegraded() => Healthy().At(1, CanarySucceeded(1_000))[CheckNames.Canary].Reason.ShouldBe(Reasons.CanarySlow);

    [Fact]
    public void Canary_SwitchedOff_IsLeftOutOfEveryVerdict()
    {
        var fold = Healthy(withCanary: false).At(0, new CanaryDisabled("no certificate"));

        fold[CheckNames.Canary].Status.ShouldBe(HealthStatus.Off);
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Supervision_ConnectionCrash_IsErrorForTheHoldThenDegradedThenOk()
    {
        var fold = Healthy().At(1, Crashed(ComponentKind.Connection));

        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.Crashed);
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeTrue("one client never fails /readyz");
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold.Until(S(16) - Tick)[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16))[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61) - Tick)[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Degraded);
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
        fold.Until(S(61) - Tick)[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Error);
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
        Quiet(fold, S(16) - Tick).State.Verdicts.Ready.ShouldBeFalse();
        Quiet(fold, S(16)).State.Verdicts.Ready.ShouldBeTrue();
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
        Quiet(fold, S(1_000)).State.Verdicts.Live.ShouldBeFalse();
        fold[CheckNames.Supervision].Reason.ShouldBe(Reasons.GaveUp);
    }

    [Fact]
    public void Handshake_MostRefused_IsDegradedOnlyWithEnoughVolume()
    {
        var fold = Healthy(new HealthPolicy { HandshakeMinimum = 20, HandshakeRefusedRatio = 0.5, LeaveRatio = 0.8, Hold = TimeSpan.Zero });
        for (var id = 1; id <= 19; id++)
        {
            fold.At(1, new ConnectionAccepted(id, Endpoint, "peer")).At(1, Refused(id));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
        fold.At(1, new ConnectionAccepted(20, Endpoint, "peer")).At(1, Refused(20));
        fold[CheckNames.Handshake].Reason.ShouldBe(Reasons.HandshakesRefused);
        fold.State.Verdicts.Ready.ShouldBeTrue();

        // 20 bad of 49 is 0.408: over 0.5 × 0.8, so it is not left yet; 20 of 50 is exactly 0.4 and leaves.
        for (var id = 21; id <= 49; id++)
        {
            fold.At(2, new ConnectionAccepted(id, Endpoint, "peer")).At(2, Completed(id));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.At(2, new ConnectionAccepted(50, Endpoint, "peer")).At(2, Completed(50));
        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Handshake_RefusalsLeaveTheWindow_IsOkExactlyThen()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero });
        for (var id = 1; id <= 20; id++)
        {
            fold.At(1, new ConnectionAccepted(id, Endpoint, "peer")).At(1, Refused(id));
        }

        fold.Until(S(61) - Tick)[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(61))[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [InlineData(HandshakeFailure.BareProbe)]
    [InlineData(HandshakeFailure.Silent)]
    [InlineData(HandshakeFailure.Shutdown)]
    public void Handshake_PeersThatSentNothing_AreNoFailures(HandshakeFailure reason)
    {
        var fold = Healthy();
        for (var id = 1; id <= 100; id++)
        {
            fold.At(1, new ConnectionAccepted(id, Endpoint, "peer")).At(1, Refused(id, reason));
        }

        fold[CheckNames.Handshake].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Certificate_ExpiresInTheCourseOfTime_WarnsThenFailsToTheTick()
    {
        var fold = Healthy();
        var end = TimeSpan.FromDays(20);
        fold.At(1, Certificate(CertificateRole.Server, Start + end));
        var warn = end - fold.Policy.CertificateExpiring;

        fold.Until(warn - Tick)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(warn)[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpiring);
        fold.Until(end - Tick)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(end)[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpired);
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Certificate_OfADay_ExpiresOnlyInItsLastThird()
    {
        var fold = Healthy().At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromHours(24), TimeSpan.FromHours(24)));

        fold.Until(TimeSpan.FromHours(16) - Tick)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(TimeSpan.FromHours(16))[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpiring);
    }

    [Fact]
    public void Certificate_WallClockStepsBack_ChangesNoVerdict()
    {
        var fold = Healthy().At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(20)));
        var elapsed = TimeSpan.FromDays(7);
        fold.Take(new FoldInput(elapsed, new EventEnvelope(fold.State.Epoch, 1_000, Start - TimeSpan.FromDays(900), elapsed, Heartbeat())));

        fold[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpiring);
    }

    [Fact]
    public void Certificate_ReloadFails_IsDegradedUntilTheNextGoodLoad()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero }).At(1, new CertificateReloadFailed(CertificateRole.Server, "server.pem", "not PEM"));

        fold[CheckNames.Certificate].Reason.ShouldBe(Reasons.ReloadFailed);
        fold.At(2, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(100)))[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Certificate_RevocationListStale_IsDegraded()
    {
        var fold = Healthy().At(1, Certificate(CertificateRole.RevocationList, Start + S(100)));

        fold.Until(S(100) - Tick)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(100))[CheckNames.Certificate].Reason.ShouldBe(Reasons.RevocationListStale);
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
        fold.Until(S(17) - Tick)[CheckNames.Backlog].Status.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(17))[CheckNames.Backlog].Status.ShouldBe(HealthStatus.Ok);
        fold.TransitionsOf(CheckNames.Backlog).Last().At.ShouldBe(S(17));
    }

    [Fact]
    public void Backlog_DroppedAndOverALimit_TellsTheWorseAndThenWhatIsLeft()
    {
        var fold = Healthy(new HealthPolicy { BacklogSoft = 100, BacklogHard = 1_000, Hold = S(15) });

        fold.At(1, Load(500)).At(1, new MessagesDropped("slow", 7))[CheckNames.Backlog].Reason.ShouldBe(Reasons.MessagesDropped);
        fold.At(2, Load(1_001))[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogFull);
        fold.At(3, Load(500))[CheckNames.Backlog].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(17)[CheckNames.Backlog].Reason.ShouldBe(Reasons.BacklogHigh);
    }

    [Fact]
    public void Topics_Sampled_AreCountedByTheSampleAndMovedByEvents()
    {
        var fold = Healthy().At(0.1, new TopicCreated("a")).At(0.2, new TopicCreated("b"));
        fold.State.Facts.Topics.Count.ShouldBe(2);

        fold.At(0.3, new LoadSampled(0, 0, 0, 0, 500)).State.Facts.Topics.Count.ShouldBe(500);
        fold.At(0.4, new TopicCreated("c")).At(0.5, new TopicRemoved("a")).At(0.6, new TopicCreated("d")).State.Facts.Topics.Count.ShouldBe(501);
        fold.At(0.7, Load(3)).State.Facts.Topics.Count.ShouldBe(501, "that sample knows nothing of topics");
        fold.State.Facts.Topics.Names.ShouldBe(["b", "c", "d"]);
        fold.At(0.8, new LoadSampled(0, 0, 0, 0, 3)).State.Facts.Topics.Count.ShouldBe(3);
    }

    [Fact]
    public void Topics_AThousandAndMore_KeepBoundedNames()
    {
        var fold = Healthy();
        for (var i = 0; i < 1_200; i++)
        {
            fold.At(0.1, new TopicCreated($"{i}"));
        }

        fold.State.Facts.Topics.Names.Count.ShouldBe(1_000);
        fold.At(0.2, new LoadSampled(0, 0, 0, 0, 1_000_000)).State.Facts.Topics.Names.Count.ShouldBe(1_000);
    }

    [Fact]
    public void Draining_EndpointsClosedByTheShutdown_IsDegradedAndNoFault()
    {
        var fold = Healthy().At(1, new PhaseEntered(Phase.Draining)).At(1, new ListenerClosed(Endpoint, ListenerCloseReason.Shutdown));

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Degraded);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [InlineData(Phase.Starting, HealthStatus.Error)]
    [InlineData(Phase.Recovering, HealthStatus.Degraded)]
    [InlineData(Phase.Draining, HealthStatus.Degraded)]
    [InlineData(Phase.Stopped, HealthStatus.Error)]
    public void Phase_NotReady_FailsReadyzAndNeverLivez(Phase phase, HealthStatus overall)
    {
        var fold = Healthy().At(1, new PhaseEntered(phase));

        fold.State.Verdicts.Status.ShouldBe(overall);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold.At(2, new PhaseEntered(Phase.Ready)).State.Verdicts.Ready.ShouldBeTrue("a phase is a fact and is not held");
    }

    private static LoadSampled Load(long queued) => new(queued, 0, 0, 0);

    /// <summary>Keeps all evidence fresh until <paramref name="end"/>.</summary>
    private static Fold Quiet(Fold fold, TimeSpan end)
    {
        for (var t = fold.State.Now + S(1); t < end; t += S(1))
        {
            fold.At(t, Heartbeat()).At(t, Probed()).At(t, CanarySucceeded());
        }

        return fold.Until(end);
    }

    private static Fold Healthy(HealthPolicy? policy = null, bool withCanary = true)
    {
        var fold = new Fold(policy)
            .At(0, new ListenerConfigured(Endpoint))
            .At(0, Bound())
            .At(0, Heartbeat())
            .At(0, Probed())
            .At(0, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(365)))
            .At(0, new PhaseEntered(Phase.Ready));
        return withCanary ? fold.At(0, CanarySucceeded()) : fold;
    }
}
