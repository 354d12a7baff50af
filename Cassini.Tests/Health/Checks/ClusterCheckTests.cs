using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Folding;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health.Checks;

/// <summary>The fleet, to the tick.</summary>
public class ClusterCheckTests
{
    private const string Run = "0000019a5c3e7f10";

    private static readonly FleetEntered Entered = new("a", "main");
    private static readonly FleetJoined Joined = new(2, S(1));
    private static readonly EngineLost Lost = new("connection refused");
    private static readonly EngineConnected Connected = new("nats://127.0.0.1:4222");

    public static TheoryData<BrokerEvent, BrokerEvent, string, string> Faults => new()
    {
        { new PeerSuspected("b", S(2.5)), new PeerBack("b", S(2.6)), Reasons.PeerSuspect, "suspect: b (not heard for 2.5 s)" },
        { new PeerLost("b", Run, S(10)), new PeerBack("b", S(11)), Reasons.PeerLost, "lost: b (not heard for 10 s)" },
        { new PeerLost("b", Run, S(10)), new PeerJoined("b", "0000019a5c3e7f11"), Reasons.PeerLost, "lost: b (not heard for 10 s)" },
        { new PeerLost("b", Run, S(10)), new PeerForgotten("b"), Reasons.PeerLost, "lost: b (not heard for 10 s)" },
        {
            new InterestLagging("b", S(1)), new InterestConfirmed("b"), Reasons.InterestLagging,
            "subscriptions are not known everywhere: b (has not confirmed one for 1 s)"
        },
        {
            new PeerDiffers("b", "access rules"), new PeerDiffers("b", ""), Reasons.ConfigDiffers, "not the same as here: b (access rules)"
        },
        {
            new PeerClockSkewed("b", S(1.5)), new PeerClockSkewed("b", S(0)), Reasons.ClockSkew, "clocks differ: b (1.5 s ahead)"
        },
        {
            new PeerClockSkewed("b", S(-3)), new PeerClockSkewed("b", S(0)), Reasons.ClockSkew, "clocks differ: b (3 s behind)"
        },
        {
            new RetainedIncomplete("b", 1_200), new RetainedComplete("b"), Reasons.RetainedIncomplete,
            "not all of their retained messages are retained here: b (1,200 messages)"
        },
        {
            new LinkDropping("b", 1_200), new LinkRecovered("b"), Reasons.LinkDropping,
            "QoS 0 messages are dropped on the way: b (1,200 messages so far)"
        },
    };

    public static TheoryData<BrokerEvent> PeerFaults =>
    [
        new PeerSuspected("b", S(2.5)), new InterestLagging("b", S(1)), new PeerDiffers("b", "access rules"),
        new PeerClockSkewed("b", S(2)), new LinkDropping("b", 1), new RetainedIncomplete("b", 1),
    ];

    [Fact]
    public void Cluster_ABrokerOnItsOwn_IsOffAndReady()
    {
        var fold = Healthy();

        Of(fold).Status.ShouldBe(HealthStatus.Off);
        Of(fold).Reason.ShouldBe(Reasons.ClusterOff);
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Cluster_JoiningUntilItJoined_IsUnknownAndNotReadyButLive()
    {
        var fold = Healthy().At(0.5, Connected).At(1, Entered);

        Of(fold).Status.ShouldBe(HealthStatus.Unknown);
        Of(fold).Reason.ShouldBe(Reasons.Joining);
        Of(fold).Message.ShouldBe("a does not know yet what the other nodes of main subscribe to");
        Of(fold).Evidence.ShouldBe([fold.State.Through]);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold.QuietUntil(S(100))[CheckNames.Cluster].Status.ShouldBe(HealthStatus.Unknown, "only an event ends it");

        fold.At(100, Joined);
        Of(fold).Status.ShouldBe(HealthStatus.Ok, "the first evidence is not held");
        Of(fold).Reason.ShouldBeNull();
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Cluster_JoiningWithoutABus_SaysBoth()
    {
        var fold = Healthy().At(1, Entered).At(2, Lost);

        Of(fold).Reason.ShouldBe(Reasons.Joining);
        Of(fold).Message.ShouldBe(
            "a does not know yet what the other nodes of main subscribe to: the bus is not connected: connection refused");
        Of(fold).Evidence.Length.ShouldBe(2);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Facts.LastError!.Message.ShouldBe("fleet: connection refused");
    }

    [Fact]
    public void Cluster_JoinedLate_IsReadyAndNamesWhoIsLateUntilAllHaveSaidIt()
    {
        var fold = Healthy().At(1, Entered).At(2, Connected).At(31, new FleetJoinLate(["c", "b"]));

        Of(fold).Status.ShouldBe(HealthStatus.Degraded);
        Of(fold).Reason.ShouldBe(Reasons.InterestLagging);
        Of(fold).Message.ShouldBe(
            "subscriptions are not known everywhere: b (has not said what it subscribes to and retains), "
            + "c (has not said what it subscribes to and retains)");
        Of(fold).Fails.ShouldBe(Fails.Nothing);

        fold.At(32, new InterestConfirmed("b"));
        Of(fold).Message.ShouldBe("subscriptions are not known everywhere: c (has not said what it subscribes to and retains)");
        fold.At(33, Joined);
        Of(fold).Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Cluster_JoinedLateWithoutABus_IsReadyAndAlone()
    {
        var fold = Healthy().At(1, Entered).At(1, Lost).At(2, new FleetJoinLate([]));

        Of(fold).Status.ShouldBe(HealthStatus.Degraded);
        Of(fold).Reason.ShouldBe(Reasons.Alone);
        Of(fold).Message.ShouldBe("the bus is not connected: connection refused; a knows no other node");
        Of(fold).Fails.ShouldBe(Fails.Nothing);
    }

    /// <summary>No word about the bus is no sign that it is connected.</summary>
    [Fact]
    public void Cluster_JoinedAndNothingWasSaidOfTheBus_IsAlone()
    {
        var fold = Healthy().At(1, Entered);
        Of(fold).Message!.ShouldEndWith(": the bus is not connected: it never was");

        fold.At(2, new FleetJoined(0, S(1)));

        Of(fold).Reason.ShouldBe(Reasons.Alone);
        Of(fold).Message.ShouldBe("the bus is not connected: it never was; a knows no other node");
        Of(fold).Evidence.ShouldBe([fold.State.Facts.Cluster.EnteredCause]);
    }

    [Fact]
    public void Cluster_EngineLost_IsEngineLostWhilePeersMayLiveAndThenAlone()
    {
        var fold = Fleet().At(2, Lost);

        Of(fold).Status.ShouldBe(HealthStatus.Degraded);
        Of(fold).Reason.ShouldBe(Reasons.EngineLost);
        Of(fold).Message.ShouldBe("the bus is not connected: connection refused; a is cut off from b, c");
        Of(fold).Evidence.ShouldBe([fold.State.Through]);
        Of(fold).Fails.ShouldBe(Fails.Nothing);

        fold.At(4.5, new PeerSuspected("b", S(2.5))).At(12, new PeerLost("b", Run, S(10)));
        Of(fold).Reason.ShouldBe(Reasons.EngineLost);
        Of(fold).Message.ShouldBe("the bus is not connected: connection refused; a is cut off from c");

        fold.At(12.5, new PeerLost("c", Run, S(10)));
        Of(fold).Reason.ShouldBe(Reasons.Alone);
        Of(fold).Message.ShouldBe("the bus is not connected: connection refused; all others are lost: b, c");
        Of(fold).Evidence.Length.ShouldBe(3);
        Of(fold).Fails.ShouldBe(Fails.Nothing);

        fold.At(20, Connected)[CheckNames.Cluster].Reason.ShouldBe(Reasons.PeerLost);
        fold.At(20, new PeerBack("b", S(18))).At(20, new PeerBack("c", S(18)));
        Of(fold).Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Cluster_EngineLostAfterAllOthersLeft_IsAlone()
    {
        var fold = Fleet().At(2, new PeerLeft("b")).At(2, new PeerLeft("c"));
        Of(fold).Status.ShouldBe(HealthStatus.Ok, "they stopped on purpose");

        Of(fold.At(3, Lost)).Reason.ShouldBe(Reasons.Alone);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void Cluster_AFaultOfAPeer_IsDegradedUntilItEndsAndForTheHoldTime(
        BrokerEvent begins, BrokerEvent ends, string reason, string message)
    {
        var fold = Fleet().QuietUntil(S(10) - Instant);
        Of(fold).Status.ShouldBe(HealthStatus.Ok);

        fold.At(10, begins);
        Of(fold).Status.ShouldBe(HealthStatus.Degraded);
        Of(fold).Reason.ShouldBe(reason);
        Of(fold).Message.ShouldBe(message);
        Of(fold).Evidence.ShouldBe([fold.State.Through]);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Verdicts.Live.ShouldBeTrue();

        Of(fold.At(11, ends)).Raw.ShouldBe(HealthStatus.Ok);
        var held = S(10) + fold.Policy.Hold;
        Of(fold.QuietUntil(held - Instant)).Status.ShouldBe(HealthStatus.Degraded);
        Of(fold.Until(held)).Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Cluster_SeveralFaults_ReportsTheWorstAndThenTheNext()
    {
        (BrokerEvent Begins, BrokerEvent Ends, string Reason)[] faults =
        [
            (new LinkDropping("b", 1), new LinkRecovered("b"), Reasons.LinkDropping),
            (new PeerClockSkewed("c", S(2)), new PeerClockSkewed("c", S(0)), Reasons.ClockSkew),
            (new PeerDiffers("b", "access rules"), new PeerDiffers("b", ""), Reasons.ConfigDiffers),
            (new RetainedIncomplete("b", 1), new RetainedComplete("b"), Reasons.RetainedIncomplete),
            (new InterestLagging("c", S(1)), new InterestConfirmed("c"), Reasons.InterestLagging),
            (new PeerSuspected("b", S(3)), new PeerBack("b", S(4)), Reasons.PeerSuspect),
            (new PeerLost("d", Run, S(10)), new PeerForgotten("d"), Reasons.PeerLost),
            (Lost, Connected, Reasons.EngineLost),
        ];
        var fold = Fleet();
        foreach (var fault in faults)
        {
            Of(fold.At(2, fault.Begins)).Reason.ShouldBe(fault.Reason);
        }

        foreach (var (fault, next) in faults.Reverse().Zip(faults.Reverse().Skip(1)))
        {
            Of(fold.At(3, fault.Ends)).Reason.ShouldBe(next.Reason);
        }

        Of(fold.At(4, faults[0].Ends)).Raw.ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [MemberData(nameof(PeerFaults))]
    public void Cluster_APeerIsAnotherRunOrLeft_ItsFaultsEnd(BrokerEvent fault)
    {
        Of(Fleet().At(2, fault).At(3, new PeerJoined("b", "0000019a5c3e7f11"))).Raw.ShouldBe(HealthStatus.Ok);
        Of(Fleet().At(2, fault).At(3, new PeerLeft("b"))).Raw.ShouldBe(HealthStatus.Ok);
    }

    /// <summary>It is the same run, so that what was said about it is still the last word.</summary>
    [Fact]
    public void Cluster_TheSameRunIsBack_ItsOtherFaultsHold()
    {
        var fold = Fleet().At(2, new PeerDiffers("b", "access rules")).At(3, new PeerLost("b", Run, S(10)));
        Of(fold).Reason.ShouldBe(Reasons.PeerLost);

        Of(fold.At(4, new PeerBack("b", S(11)))).Reason.ShouldBe(Reasons.ConfigDiffers);
        Of(fold.At(5, new PeerDiffers("b", ""))).Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Cluster_ALostPeer_StaysLostUntilSomethingEndsIt()
    {
        var fold = Fleet().At(2, new PeerLost("b", Run, S(10))).At(3, new PeerSuspected("b", S(11))).At(4, new PeerForgotten("c"));

        Of(fold).Reason.ShouldBe(Reasons.PeerLost);
        Of(fold).Message.ShouldBe("lost: b (not heard for 10 s)");
        fold.State.Facts.Cluster.Peers.Select(peer => peer.Node).ShouldBe(["b", "c"], "only a lost peer can be forgotten");
        Of(fold.QuietUntil(S(10_000))).Reason.ShouldBe(Reasons.PeerLost);
    }

    [Fact]
    public void Cluster_ManyPeersAreLost_NamesEight()
    {
        var fold = Fleet();
        for (var node = 10; node < 20; node++)
        {
            fold.At(2, new PeerLost($"n{node}", Run, S(10)));
        }

        Of(fold).Message!.ShouldStartWith("lost: n10 (not heard for 10 s), n11 (");
        Of(fold).Message!.ShouldEndWith("n17 (not heard for 10 s) and 2 more");
        Of(fold).Evidence.Length.ShouldBe(10);
    }

    /// <summary>Node a of a fleet with b and c, which has joined at 1 s.</summary>
    private static Fold Fleet() => Healthy()
        .At(0, Entered).At(0, Connected).At(0.5, new PeerJoined("b", Run)).At(0.5, new PeerJoined("c", Run)).At(1, Joined);

    private static CheckState Of(Fold fold) => fold[CheckNames.Cluster];
}
