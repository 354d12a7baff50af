using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;

namespace Cassini.Tests.Cluster;

/// <summary>The fold of the fleet, to the tick.</summary>
public class FleetStateTests
{
    private const string E1 = "0000000000000001";
    private const string E2 = "0000000000000002";
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);
    private static readonly DateTimeOffset Noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly FleetIdentity Self = new("main", "n1", E1, Noon, S(10));

    [Fact]
    public void Initial_IsThisNodeAlone_Unknown()
    {
        var snapshot = FleetState.Initial(Self).ToSnapshot();

        snapshot.Nodes.Single().State.ShouldBe(FleetNodeState.Self);
        (snapshot.Status, snapshot.Ready, snapshot.Revision).ShouldBe((HealthStatus.Error, false, 0));
    }

    [Fact]
    public void Peer_ThatJoinsAndSaysThatItIsWell_IsAlive()
    {
        var run = Connected().Then(new NodeMet("n2", E1), 1).Then(Said("n2", E1, 1, HealthStatus.Ok), 2);

        // This node says that it is there, and whom it hears.
        run.Kinds.ShouldBe(
            [FleetChangeKind.Transition, FleetChangeKind.Transition, FleetChangeKind.Joined, FleetChangeKind.Transition]);
        run.Node("n2").ShouldSatisfyAllConditions(
            node => node.State.ShouldBe(FleetNodeState.Alive),
            node => node.Snapshot.Status.ShouldBe(HealthStatus.Ok),
            node => node.Heard.Bus.ShouldBe(Noon + S(2)));
        (run.State.Status, run.State.Ready).ShouldBe((HealthStatus.Ok, true));
    }

    [Fact]
    public void Peer_ThatHasSaidNothingYet_IsUnknown()
    {
        var node = Connected().Then(new NodeMet("n2", E1), 1).Node("n2");

        (node.State, node.Snapshot.Status, node.Snapshot.Reason).ShouldBe(
            (FleetNodeState.Unknown, HealthStatus.Unknown, nameof(FeedLoss.NotConnected)));
    }

    // Its heartbeats come, but it does not say how it is: two and a half intervals later nothing good is said of it.
    [Fact]
    public void Word_OfAPeer_IsStaleAtItsDeadline()
    {
        var run = WithPeer(saidAt: 2);
        var end = S(2) + FleetIdentity.Freshness;
        run.Then(new TimePassed(), end - Instant).Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Ok);

        var late = run.Then(new TimePassed(), 60);

        late.Changes[^1].ShouldSatisfyAllConditions(
            change => change.Change.ShouldBe(FleetChangeKind.Silenced),
            change => change.Time.ShouldBe(Noon + end),
            change => (change.From, change.To).ShouldBe((HealthStatus.Ok, HealthStatus.Unknown)),
            change => change.Status.ShouldBe(HealthStatus.Degraded));
        var node = late.Node("n2");
        (node.State, node.Snapshot.Ready, node.Snapshot.Reason).ShouldBe((FleetNodeState.Unknown, false, nameof(FeedLoss.Silent)));
        node.Since.ShouldBe(Noon + end);
        late.Then(Said("n2", E1, 2, HealthStatus.Ok), 61).Changes[^1].Change.ShouldBe(FleetChangeKind.Back);
    }

    // Who can publish as a node can say this; what the node itself says must not be unheard for ever.
    [Fact]
    public void Said_WithTheHighestNumberThereIs_HoldsUntilItIsOld()
    {
        var run = WithPeer(saidAt: 2).Then(Said("n2", E1, long.MaxValue, HealthStatus.Error), 3);
        var end = S(3) + FleetIdentity.Freshness;

        run.Then(Said("n2", E1, 2, HealthStatus.Ok), end - TimeSpan.FromTicks(1)).Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Error);

        var after = run.Then(Said("n2", E1, 2, HealthStatus.Ok), end);
        after.Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Ok);
        after.Then(Said("n2", E1, 3, HealthStatus.Degraded), end).Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public void Suspect_IsUnknownAtOnce()
    {
        var run = WithPeer(saidAt: 2).Then(new NodeSuspected("n2"), 3);

        run.Changes[^1].Change.ShouldBe(FleetChangeKind.Suspected);
        (run.Node("n2").State, run.Node("n2").Snapshot.Status).ShouldBe((FleetNodeState.Suspect, HealthStatus.Unknown));
        run.Then(new NodeBack("n2"), 4).Node("n2").State.ShouldBe(FleetNodeState.Alive, "what it said is not old");
    }

    [Fact]
    public void Lost_IsATombstone_UntilItIsBack()
    {
        var run = WithPeer(saidAt: 2, health: Health(HealthStatus.Degraded, revision: 9, kept: 4)).Then(new NodeLost("n2"), 12);

        run.State.Nodes.Keys.ShouldBe(["n1"]);
        var tombstone = run.State.Tombstones["n2"];
        tombstone.ShouldBe(new Tombstone
        {
            Node = "n2",
            Epoch = E1,
            LostAt = Noon + S(12),
            LastStatus = HealthStatus.Degraded,
            LastRevision = 9,
            Sessions = 4,
            Reason = TombstoneReason.Lost,
        });
        (run.Changes[^1].Change, run.Changes[^1].Peer, run.Changes[^1].Tombstone).ShouldBe((FleetChangeKind.Lost, null, tombstone));
        run.State.Status.ShouldBe(HealthStatus.Degraded);

        var again = run.Then(new NodeMet("n2", E2), 20);
        again.Changes[^1].Change.ShouldBe(FleetChangeKind.Joined);
        again.State.Tombstones.ShouldBeEmpty();
        run.Then(new NodeBack("n2"), 20).Changes[^1].Change.ShouldBe(FleetChangeKind.Back, "it was cut off");
    }

    [Fact]
    public void Left_IsATombstoneThatIsNoFault()
    {
        var run = WithPeer(saidAt: 2).Then(new NodeLeft("n2"), 3);

        run.Changes[^1].Change.ShouldBe(FleetChangeKind.Left);
        run.State.Tombstones["n2"].Reason.ShouldBe(TombstoneReason.Left);
        run.State.Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Bus_Gone_EverybodyIsUnknownAtOnce_AndNobodyIsLost()
    {
        var run = WithPeer(saidAt: 2).Then(new BusGone(), 3);

        var node = run.Node("n2");
        (node.State, node.Snapshot.Status, node.Snapshot.Reason).ShouldBe(
            (FleetNodeState.Unknown, HealthStatus.Unknown, nameof(FeedLoss.Cut)));
        run.Changes[^1].Time.ShouldBe(Noon + S(3));
        var late = run.Then(new NodeSuspected("n2"), 6).Then(new NodeLost("n2"), 13).Then(new TimePassed(), 600);
        late.State.Tombstones.ShouldBeEmpty("whether it is gone cannot be known from here");
        late.Node("n2").State.ShouldBe(FleetNodeState.Unknown);
    }

    // What was said before the bus was lost is not good again because it is back.
    [Fact]
    public void Bus_BackSoon_APeerIsUnknownUntilItSpeaks()
    {
        var run = WithPeer(saidAt: 2).Then(new BusGone(), 3).Then(new BusFound(), 3.5);
        run.Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Unknown);

        run.Then(Said("n2", E1, 2, HealthStatus.Ok), 3.6).Node("n2").State.ShouldBe(FleetNodeState.Alive);
    }

    [Fact]
    public void Bus_BackAndAPeerStaysSilent_IsLostAfterItsTime()
    {
        var run = WithPeer(saidAt: 2).Then(new BusGone(), 3).Then(new NodeLost("n2"), 13).Then(new BusFound(), 100);

        run.Then(new TimePassed(), S(110) - Instant).State.Tombstones.ShouldBeEmpty();
        var late = run.Then(new TimePassed(), 500);
        late.State.Tombstones["n2"].LostAt.ShouldBe(Noon + S(110));
        run.Then(new NodeBack("n2"), 101).Then(new TimePassed(), 500).State.Tombstones.ShouldBeEmpty("it was heard");
    }

    [Fact]
    public void Word_ThatIsLateOrOfAnotherRunOrOfAStranger_CountsForNothing()
    {
        var run = WithPeer(saidAt: 2).Then(Said("n2", E1, 5, HealthStatus.Degraded), 3);
        var before = run.Changes.Length;

        run = run.Then(Said("n2", E1, 5, HealthStatus.Error), 3).Then(Said("n2", E1, 4, HealthStatus.Error), 3)
            .Then(Said("n2", E2, 6, HealthStatus.Error), 3).Then(Said("n9", E1, 1, HealthStatus.Error), 3)
            .Then(Said("n1", E1, 9, HealthStatus.Error), 3);

        run.Changes.Length.ShouldBe(before);
        run.Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public void Numbers_Alone_AreNoChange()
    {
        var run = WithPeer(saidAt: 2);

        var later = run.Then(new NodeSaid("n2", E1, 2, Health(HealthStatus.Ok) with { Sessions = 99, UptimeSeconds = 9 }, null), 3);

        later.Changes.Length.ShouldBe(run.Changes.Length);
        later.Node("n2").Snapshot.Sessions.ShouldBe(99);
    }

    [Fact]
    public void Forgotten_IsGone_AlsoWhenANodeThatWasAwayHasTheTombstone()
    {
        var run = WithPeer(saidAt: 2).Then(new NodeLost("n2"), 12);
        var tombstone = run.State.Tombstones["n2"];

        run = run.Then(new GoneSaid([], [new Forgetting("n2", E1, Noon + S(20))]), 20);
        run.Changes[^1].Change.ShouldBe(FleetChangeKind.Forgotten);
        run.State.Status.ShouldBe(HealthStatus.Ok);
        run.Then(new GoneSaid([tombstone], []), 30).State.Tombstones.ShouldBeEmpty();

        run.Then(new GoneSaid([Stone("n2", E1, 79)], []), 90).State.Tombstones.ShouldBeEmpty("by another clock it was given up later");
        run.Then(new GoneSaid([Stone("n2", E1, 81)], []), 90).State.Tombstones.ShouldNotBeEmpty();

        var lostAgain = run.Then(new NodeMet("n2", E1), 40).Then(new NodeLost("n2"), 60);
        lostAgain.State.Tombstones.Keys.ShouldBe(["n2"], "what was forgotten was before that");
    }

    [Fact]
    public void Tombstone_OfAnother_IsTakenOver_UnlessTheNodeIsThereOrItsOwnIsNewer()
    {
        var other = Stone("n3", E1, 1);
        Connected().Then(new GoneSaid([other], []), 5).Changes[^1].ShouldSatisfyAllConditions(
            change => change.Change.ShouldBe(FleetChangeKind.Lost),
            change => change.Tombstone.ShouldBe(other));
        Connected().Then(new NodeMet("n3", E1), 4).Then(new GoneSaid([other], []), 5).State.Tombstones.ShouldBeEmpty();
        Connected().Then(new GoneSaid([Stone("n1", E2, 1)], []), 5).State.Tombstones.ShouldBeEmpty("it is this node");
        var newer = Connected().Then(new GoneSaid([Stone("n3", E2, 2)], []), 5).Then(new GoneSaid([other], []), 6);
        newer.State.Tombstones["n3"].Epoch.ShouldBe(E2);
    }

    [Fact]
    public void Tombstone_LastsSevenDays()
    {
        var run = Connected().Then(new GoneSaid([Stone("n3", E1, 0)], []), 5);
        var end = TimeSpan.FromDays(7);
        run.Then(new TimePassed(), end - Instant).State.Tombstones.ShouldNotBeEmpty();

        var late = run.Then(new TimePassed(), TimeSpan.FromDays(30));

        late.State.Tombstones.ShouldBeEmpty();
        (late.Changes[^1].Change, late.Changes[^1].Time).ShouldBe((FleetChangeKind.Forgotten, Noon + end));
        run.Then(new GoneSaid([Stone("n4", E1, 0) with { LostAt = Noon.AddYears(100) }], []), 6).State.Tombstones.Keys
            .ShouldBe(["n3"], "a clock that is far ahead");
    }

    [Fact]
    public void Unheard_IsNobodyWhileAllAreHeard_AndAllWhileTheBusIsLost()
    {
        var run = WithAddresses();
        run.State.Unheard.ShouldBeEmpty();

        Names(run.Then(new NodeSuspected("n2"), 5)).ShouldBe(["n2"]);
        Names(run.Then(new NodeLost("n2"), 15)).ShouldBe(["n2"], "the other part of the fleet may serve");
        Names(run.Then(new NodeLeft("n2"), 5)).ShouldBeEmpty("it has stopped");
        Names(run.Then(new BusGone(), 5)).ShouldBe(["n2", "n3"]);
        Names(run.Then(new BusGone(), 5).Then(new BusFound(), 6)).ShouldBeEmpty();
    }

    [Fact]
    public void Addresses_AreRemembered_UntilTheNodeSaysNoneOrIsForgotten()
    {
        var run = WithAddresses();
        run.State.Addresses.Values.ShouldBe([new NodeAddress("n2", "http://n2:9090"), new NodeAddress("n3", "http://n3:9090")]);

        run.Then(new NodeSaid("n2", E1, 2, Health(HealthStatus.Ok), null), 3).State.Addresses.Keys.ShouldBe(["n3"]);
        var lost = run.Then(new NodeLost("n2"), 15);
        lost.State.Addresses.Keys.ShouldBe(["n2", "n3"]);
        lost.Then(new GoneSaid([], [new Forgetting("n2", E1, Noon + S(20))]), 20).State.Addresses.Keys.ShouldBe(["n3"]);
        lost.Then(new TimePassed(), TimeSpan.FromDays(8)).State.Addresses.Keys.ShouldBe(["n3"]);

        var later = new Run(FleetState.Initial(Self), []).Then(new AddressesRemembered([.. run.State.Addresses.Values]), 0);
        Names(later).ShouldBe(["n2", "n3"], "the bus was never connected");
        Names(later.Then(new BusFound(), 1)).ShouldBe(["n2", "n3"], "it may be another part of the fleet that is here");
    }

    [Fact]
    public void Addresses_AreBounded_AndThoseOfNodesThatAreThereStay()
    {
        ImmutableArray<NodeAddress> many = [.. Enumerable.Range(0, 500).Select(i => new NodeAddress($"a{i}", "http://a:1"))];

        var run = Connected().Then(new AddressesRemembered(many), 0).Then(new NodeMet("n2", E1), 1)
            .Then(new NodeSaid("n2", E1, 1, Health(HealthStatus.Ok), "http://n2:9090"), 2).Then(new AddressesRemembered(many), 3);

        run.State.Addresses.Count.ShouldBe(FleetIdentity.MostAddresses);
        run.State.Addresses.ShouldContainKey("n2");
    }

    [Fact]
    public void Answer_OverHttp_IsShownAndNoChange()
    {
        var run = WithAddresses().Then(new BusGone(), 5);
        run.State.ToSnapshot().Connected.ShouldBe(false);

        var answered = run.Then(new NodeAnswered("n2"), 7).Then(new NodeAnswered("n9"), 7);

        answered.Node("n2").Heard.ShouldBe(new NodeHeard(Noon + S(2), Noon + S(7)));
        answered.Node("n2").Snapshot.Status.ShouldBe(HealthStatus.Unknown, "how it is only the bus brings");
        answered.Changes.Length.ShouldBe(run.Changes.Length);
        answered.Then(new BusFound(), 8).State.ToSnapshot().Connected.ShouldBe(true);
    }

    [Fact]
    public void Tombstones_AreBounded()
    {
        ImmutableArray<Tombstone> many = [.. Enumerable.Range(0, 500).Select(i => Stone($"x{i}", E1, i * 0.001))];

        Connected().Then(new GoneSaid(many, []), 5).State.Tombstones.Count.ShouldBe(FleetIdentity.MostTombstones);
    }

    // What holds for any history of notes: it is told the same way however often somebody looks, a reader that follows the changes knows
    // what one knows who asks for all of it, and nothing good is said that is not current.
    [Fact]
    public void Histories_OfAnyNotes_KeepThePromises()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var notes = Enumerable.Range(0, 120).Select(_ => Any(random)).ToList();
            var (at, plain, looked) = (TimeSpan.Zero, new Run(FleetState.Initial(Self), []), new Run(FleetState.Initial(Self), []));
            var first = plain.State.ToSnapshot();
            foreach (var note in notes)
            {
                var before = at;
                at += TimeSpan.FromMilliseconds(random.Next(3_000));
                for (var looks = random.Next(3); looks > 0; looks--)
                {
                    before += TimeSpan.FromTicks(random.NextInt64((at - before).Ticks + 1));
                    looked = looked.Then(new TimePassed(), before);
                }

                plain = plain.Then(note, at);
                looked = looked.Then(note, at);
                Text(plain.State.ToSnapshot()).ShouldBe(Text(looked.State.ToSnapshot()), $"seed {seed}");
                foreach (var node in plain.State.ToSnapshot().Nodes.Where(
                    node => node.State is FleetNodeState.Suspect or FleetNodeState.Unknown))
                {
                    (node.Snapshot.Status, node.Snapshot.Ready).ShouldBe((HealthStatus.Unknown, false), $"seed {seed}");
                }
            }

            Text(looked.Changes).ShouldBe(Text(plain.Changes), $"seed {seed}");
            plain.Changes.Select(change => change.Revision).ShouldBe(Enumerable.Range(1, plain.Changes.Length).Select(i => (long)i));
            var followed = plain.Changes.Aggregate(first, (known, change) => known.After(change));
            Essence(followed).ShouldBe(Essence(plain.State.ToSnapshot()), $"seed {seed}");
        }
    }

    private static FleetNote Any(Random random)
    {
        var node = $"n{random.Next(2, 5)}";
        var epoch = random.Next(4) == 0 ? E2 : E1;
        return random.Next(14) switch
        {
            0 or 1 => new NodeMet(node, epoch),
            2 or 3 or 4 => Said(node, epoch, random.Next(1, 200), (HealthStatus)random.Next(1, 5)),
            5 => new NodeSuspected(node),
            6 => new NodeBack(node),
            7 => new NodeLost(node),
            8 => random.Next(3) == 0 ? new NodeLeft(node) : new NodeDropped(node),
            9 => random.Next(2) == 0 ? new BusGone() : new BusFound(),
            10 => new GoneSaid([Stone(node, epoch, random.Next(100))], random.Next(2) == 0
                ? [] : [new Forgetting(node, epoch, Noon + S(random.Next(100)))]),
            11 => new NodeAnswered(node),
            12 => new NodeSaid(node, epoch, random.Next(1, 200), Health(HealthStatus.Ok), random.Next(2) == 0 ? null : $"http://{node}"),
            _ => new OwnHealth(Health((HealthStatus)random.Next(1, 5), random.Next(10)), null),
        };
    }

    private static string Essence(FleetSnapshot snapshot) => string.Join('\n', [
        $"{snapshot.Revision} {snapshot.Status} {snapshot.Ready}",
        .. snapshot.Nodes.Select(node => $"{node.Node} {node.Epoch} {node.State} {node.Since:o} {node.Snapshot.Status}"
            + $" {node.Snapshot.Ready} {node.Snapshot.Reason} {node.Snapshot.Revision}"),
        .. snapshot.Tombstones.Select(one => $"{one.Node} {one.Epoch} {one.Reason}")]);

    private static string Text(FleetSnapshot snapshot) => JsonSerializer.Serialize(snapshot, FleetJson.Snapshot);

    private static string Text(ImmutableArray<FleetChange> changes) =>
        string.Join('\n', changes.Select(change => JsonSerializer.Serialize(change, FleetJson.Change)));

    private static Run Connected() => new Run(FleetState.Initial(Self), [])
        .Then(new OwnHealth(Health(HealthStatus.Ok), null), 0).Then(new BusFound(), 0);

    private static Run WithPeer(double saidAt, FleetNodeHealth? health = null) =>
        Connected().Then(new NodeMet("n2", E1), 1).Then(new NodeSaid("n2", E1, 1, health ?? Health(HealthStatus.Ok), null), saidAt);

    private static IEnumerable<string> Names(Run run) => run.State.Unheard.Select(one => one.Node);

    private static Run WithAddresses() => new[] { "n2", "n3" }.Aggregate(Connected(), (run, node) => run
        .Then(new NodeMet(node, E1), 1).Then(new NodeSaid(node, E1, 1, Health(HealthStatus.Ok), $"http://{node}:9090"), 2));

    private static NodeSaid Said(string node, string epoch, long number, HealthStatus status) =>
        new(node, epoch, number, Health(status, number), null);

    private static FleetNodeHealth Health(HealthStatus status, long revision = 1, long kept = 0) => UnknownNode.Never with
    {
        Status = status,
        Ready = status != HealthStatus.Error,
        Reason = null,
        Message = null,
        Phase = Phase.Ready,
        Revision = revision,
        KeptSessions = kept,
    };

    private static Tombstone Stone(string node, string epoch, double lostAt) => new()
    {
        Node = node,
        Epoch = epoch,
        LostAt = Noon + S(lostAt),
        LastStatus = HealthStatus.Ok,
        LastRevision = 1,
        Sessions = 0,
        Reason = TombstoneReason.Lost,
    };

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);

    private sealed record Run(FleetState State, ImmutableArray<FleetChange> Changes)
    {
        public IEnumerable<FleetChangeKind> Kinds => Changes.Select(change => change.Change);

        public Run Then(FleetNote note, double at) => Then(note, S(at));

        public Run Then(FleetNote note, TimeSpan at)
        {
            var (state, changes) = State.Apply(note, at);
            return new Run(state, [.. Changes, .. changes]);
        }

        public FleetNode Node(string name) => State.Find(name).ShouldNotBeNull();
    }
}
