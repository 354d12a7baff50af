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
            new NameTaken("a", Run, GivesWay: false), new NameFreed("a"), Reasons.NameTaken,
            "another process was started as node a, and takes no part: stop it, or give it another Cluster:Node"
        },
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
            new MessagesNotKept("b", 1_200), new MessagesKept("b"), Reasons.NotKept,
            "not all messages for their sessions are kept: b (1,200 messages dropped so far)"
        },
        {
            new MessagesNotKept("b", 0), new PeerForgotten("b"), Reasons.NotKept,
            "not all messages for their sessions are kept: b (nothing is: there is no place for it)"
        },
        {
            new MessagesNotKept("b", 1), new PeerJoined("b", "0000019a5c3e7f11"), Reasons.NotKept,
            "not all messages for their sessions are kept: b (1 message dropped so far)"
        },
        {
            new LinkStalled("b", S(2.5)), new LinkResumed("b"), Reasons.LinkStalled, "heard, but taking no messages: b (for 2.5 s)"
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
        new LinkStalled("b", S(2.5)),
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
            (new LinkStalled("b", S(3)), new LinkResumed("b"), Reasons.LinkStalled),
            (new PeerSuspected("b", S(3)), new PeerBack("b", S(4)), Reasons.PeerSuspect),
            (new PeerLost("d", Run, S(10)), new PeerForgotten("d"), Reasons.PeerLost),
            (new MessagesNotKept("e", 3), new MessagesKept("e"), Reasons.NotKept),
            (new NameTaken("a", Run, GivesWay: false), new NameFreed("a"), Reasons.NameTaken),
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

    [Fact]
    public void Cluster_APeerForWhichNotAllIsKeptLeaves_StaysAndIsNoPeer()
    {
        var fold = Fleet().At(2, new MessagesNotKept("b", 1)).At(3, new PeerLeft("b"));

        Of(fold).Reason.ShouldBe(Reasons.NotKept);
        fold.State.Facts.Cluster.Peers.Select(peer => peer.Node).ShouldBe(["c"]);
        Of(fold.At(4, new MessagesKept("b"))).Raw.ShouldBe(HealthStatus.Ok);
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

    /// <summary>Also before it has joined: it does not, as long as the name is another one's.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Cluster_TheNameIsTaken_IsAnErrorAndNotReadyUntilItIsFree(bool hasJoined)
    {
        var fold = hasJoined ? Fleet() : Healthy().At(1, Entered);
        fold.At(2, new NameTaken("a", Run, GivesWay: true));
        var taken = fold.State.Through;
        fold.At(2, new EngineLost("another process has the name a"));

        Of(fold).Status.ShouldBe(HealthStatus.Error);
        Of(fold).Reason.ShouldBe(Reasons.NameTaken);
        Of(fold).Message.ShouldBe("another process is node a of main already, so this one takes no part: stop one of the two, or give this"
            + " one another Cluster:Node");
        Of(fold).Evidence.ShouldBe([taken]);
        Of(fold).Fails.ShouldBe(Fails.Readyz);
        fold.State.Verdicts.Live.ShouldBeTrue();

        Of(fold.At(30, new NameFreed("a"))).Raw.ShouldBe(hasJoined ? HealthStatus.Degraded : HealthStatus.Unknown);
        Of(fold.At(30, Connected)).Raw.ShouldBe(hasJoined ? HealthStatus.Ok : HealthStatus.Unknown);
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

    [Fact]
    public void Cluster_OthersServeForTheGrace_IsIsolatedToTheTickAndNotReady()
    {
        var fold = Fleet(grace: 10).At(2, Lost).At(5, new PeerSeen("b", PeerAnswer.Serves));
        var lost = fold.State.Facts.Cluster.EngineCause;
        var seen = fold.State.Through;
        Of(fold.At(9, new PeerSeen("c", PeerAnswer.Serves)).QuietUntil(S(15) - Instant)).Reason.ShouldBe(Reasons.EngineLost);
        Of(fold).Fails.ShouldBe(Fails.Nothing);

        fold.QuietUntil(S(15));

        Of(fold).Status.ShouldBe(HealthStatus.Error);
        Of(fold).Reason.ShouldBe(Reasons.Isolated);
        Of(fold).Message.ShouldBe("others serve without a: b, c; the bus is not connected here: connection refused");
        Of(fold).Since.ShouldBe(S(15));
        Of(fold).Evidence.ShouldBe([lost, seen, seen + 1]);
        Of(fold).Fails.ShouldBe(Fails.Readyz);
        fold.State.Verdicts.Live.ShouldBeTrue();
    }

    [Theory]
    [InlineData(PeerAnswer.None)]
    [InlineData(PeerAnswer.CutOff)]
    [InlineData(PeerAnswer.NotReady)]
    [InlineData(PeerAnswer.Hears)]
    public void Cluster_NobodyServesWithoutThisNodeAnyMore_IsReadyAfterTheHold(PeerAnswer answer)
    {
        var fold = Fleet(grace: 10).At(2, Lost).At(5, new PeerSeen("b", PeerAnswer.Serves)).At(9, new PeerSeen("b", answer))
            .At(10, new PeerSeen("b", PeerAnswer.Serves));
        Of(fold.QuietUntil(S(20) - Instant)).Reason.ShouldBe(Reasons.EngineLost, "the grace begins anew");
        Of(fold.QuietUntil(S(20))).Reason.ShouldBe(Reasons.Isolated);

        fold.At(21, new PeerSeen("b", answer));

        var held = S(20) + fold.Policy.Hold;
        Of(fold.QuietUntil(held - Instant)).Reason.ShouldBe(Reasons.Isolated);
        Of(fold).Fails.ShouldBe(Fails.Readyz);
        Of(fold.QuietUntil(held)).Reason.ShouldBe(Reasons.EngineLost);
        Of(fold).Fails.ShouldBe(Fails.Nothing, "others are no better off");
    }

    [Fact]
    public void Cluster_IsolatedAndTheBusIsBack_IsOkAfterTheHold()
    {
        var fold = Fleet(grace: 1).At(2, Lost).At(5, new PeerSeen("b", PeerAnswer.Serves)).QuietUntil(S(7));
        Of(fold).Reason.ShouldBe(Reasons.Isolated);

        fold.At(8, Connected).At(8, new PeerSeen("b", PeerAnswer.None)).QuietUntil(S(6) + fold.Policy.Hold);

        Of(fold).Status.ShouldBe(HealthStatus.Ok);
        Of(fold).Fails.ShouldBe(Fails.Nothing);
    }

    /// <summary>Each part is connected and says that it serves: if both were isolated, nobody would serve.</summary>
    [Fact]
    public void Cluster_TheBusIsInTwoParts_OnlyTheSmallerIsIsolated()
    {
        var smaller = Fleet(grace: 10).At(2, new PeerSuspected("b", S(2.5))).At(2, new PeerSuspected("c", S(2.5)))
            .At(3, new PeerSeen("b", PeerAnswer.Serves));
        Of(smaller.QuietUntil(S(40))).Reason.ShouldBe(Reasons.PeerSuspect, "one against one");

        smaller.At(41, new PeerLost("b", Run, S(10))).At(41, new PeerSeen("c", PeerAnswer.Serves));
        Of(smaller.QuietUntil(S(51) - Instant)).Reason.ShouldBe(Reasons.PeerLost);
        Of(smaller.QuietUntil(S(51))).Reason.ShouldBe(Reasons.Isolated);
        Of(smaller).Message.ShouldBe("others serve without a: b, c; they and this node do not hear each other");

        var larger = Fleet(grace: 10).At(2, new PeerLost("c", Run, S(10))).At(3, new PeerSeen("c", PeerAnswer.Serves));
        Of(larger.QuietUntil(S(40))).Reason.ShouldBe(Reasons.PeerLost);
        Of(larger).Fails.ShouldBe(Fails.Nothing);
    }

    [Fact]
    public void Cluster_TheEngineIsGoneForAll_IsEngineLostAndSaysSo_AlsoWhenAllAreLostOnTheBus()
    {
        var fold = Fleet().At(2, Lost).At(3, new PeerSeen("b", PeerAnswer.CutOff))
            .At(12, new PeerLost("b", Run, S(10))).At(12, new PeerLost("c", Run, S(10)));

        Of(fold).Reason.ShouldBe(Reasons.EngineLost);
        Of(fold).Message.ShouldBe("the bus is not connected: connection refused; nor is it on b; a is cut off from b");

        Of(fold.At(13, new PeerSeen("b", PeerAnswer.None))).Reason.ShouldBe(Reasons.Alone);
        Of(fold).Fails.ShouldBe(Fails.Nothing);
    }

    [Fact]
    public void Cluster_NotReadyAlone_EngineLostAndAloneAreNotReady_UntilTheBusIsBackForTheHold()
    {
        var fold = Fleet(readyAlone: false);
        Of(fold).Fails.ShouldBe(Fails.Nothing);

        Of(fold.At(2, Lost)).Reason.ShouldBe(Reasons.EngineLost);
        Of(fold).Status.ShouldBe(HealthStatus.Degraded);
        Of(fold).Fails.ShouldBe(Fails.Readyz);
        fold.At(12, new PeerLost("b", Run, S(10))).At(12, new PeerLost("c", Run, S(10)));
        Of(fold).Reason.ShouldBe(Reasons.Alone);
        Of(fold).Fails.ShouldBe(Fails.Readyz);

        fold.At(30, Connected);
        Of(fold).Fails.ShouldBe(Fails.Nothing);
        Of(fold).Reason.ShouldBe(Reasons.PeerLost);
    }

    /// <summary>Node a of a fleet with b and c, which has joined at 1 s.</summary>
    private static Fold Fleet(double grace, bool readyAlone = true) => Healthy()
        .At(0, Entered with { IsolationGrace = S(grace), ReadyAlone = readyAlone }).At(0, Connected)
        .At(0.5, new PeerJoined("b", Run)).At(0.5, new PeerJoined("c", Run)).At(1, Joined);

    private static Fold Fleet(bool readyAlone) => Fleet(10, readyAlone);

    /// <summary>Node a of a fleet with b and c, which has joined at 1 s.</summary>
    private static Fold Fleet() => Healthy()
        .At(0, Entered).At(0, Connected).At(0.5, new PeerJoined("b", Run)).At(0.5, new PeerJoined("c", Run)).At(1, Joined);

    private static CheckState Of(Fold fold) => fold[CheckNames.Cluster];
}
