using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Tests.Support;

namespace Cassini.Tests.Feed;

/// <summary>The feed of a fleet: what it says, and how it goes from node to node.</summary>
public sealed class FleetFeedTests : IAsyncDisposable
{
    private static readonly FleetSnapshot Whole = FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2"), FleetText.Node("n3"));
    private readonly FleetRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public void Notes_ChangesOfNodes_ChangeTheFleet()
    {
        _rig.One.Silent(
            (0, FleetText.Snapshot(Whole)),
            (1, FleetText.Change(8, FleetText.Node("n2", ready: false))),
            (1, FleetText.Change(9, FleetText.Node("n3", ready: false, FleetNodeState.Suspect), FleetChangeKind.Suspected)),
            (1, FleetText.Gone(10, FleetText.Tombstone("n3"))),
            (1, FleetText.Change(11, FleetText.Node("n3"), FleetChangeKind.Joined)));
        _rig.Follow(until: 3);

        _rig.Notes[0].ShouldBeOfType<FleetConnecting>().Snapshot.Status.ShouldBe(HealthStatus.Unknown);
        _rig.Notes[1].ShouldBeOfType<FleetFollowed>().ShouldSatisfyAllConditions(
            note => note.Management.Host.ShouldBe("n1.test"),
            note => note.IsResumed.ShouldBeFalse(),
            note => note.IsOtherSpeaker.ShouldBeFalse(),
            note => note.Snapshot.Ready.ShouldBeTrue());
        _rig.Notes.OfType<FleetChanged>().Select(note => note.Change.Change)
            .ShouldBe([FleetChangeKind.Transition, FleetChangeKind.Suspected, FleetChangeKind.Lost]);
        _rig.Last.Snapshot.ShouldSatisfyAllConditions(
            fleet => fleet.Nodes.Select(node => node.Node).ShouldBe(["n1", "n2"]),
            fleet => fleet.Nodes[1].Snapshot.Ready.ShouldBeFalse(),
            fleet => fleet.Tombstones.ShouldHaveSingleItem().Node.ShouldBe("n3"),
            fleet => fleet.Revision.ShouldBe(10));

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(4));

        _rig.Last.Snapshot.Nodes.Length.ShouldBe(3);
        _rig.Last.Snapshot.Tombstones.ShouldBeEmpty();
    }

    [Fact]
    public void Notes_TheNodeIsLost_EveryNodeIsUnknownUntilTheNextAnswers()
    {
        var gone = Whole with { Tombstones = [FleetText.Tombstone("n4")] };
        _rig.One.Ends((0, FleetText.Snapshot(gone)), (2, FleetText.Heartbeat()));
        _rig.Two.Silent((0.5, FleetText.Snapshot(FleetText.AsOther(gone))));
        _rig.Follow(until: 2.4);

        var lost = _rig.Last.ShouldBeOfType<FleetLost>();
        lost.ShouldSatisfyAllConditions(
            note => note.Lost.Reason.ShouldBe(FeedLoss.Cut),
            note => note.RetryIn.ShouldBe(TimeSpan.Zero),
            note => note.Snapshot.Status.ShouldBe(HealthStatus.Unknown),
            note => note.Snapshot.Ready.ShouldBeFalse(),
            note => note.Snapshot.Tombstones.ShouldHaveSingleItem());
        lost.Snapshot.Nodes.Length.ShouldBe(3);
        lost.Snapshot.Nodes.ShouldAllBe(node => node.State == FleetNodeState.Unknown && node.Links == null && node.Interest == null
            && !node.Snapshot.Ready && node.Snapshot.Status == HealthStatus.Unknown && node.Snapshot.Reason == nameof(FeedLoss.Cut)
            && node.Snapshot.Message == "http://n1.test:9090: the feed ended without bye");

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(2.5));

        var found = _rig.Last.ShouldBeOfType<FleetFollowed>();
        found.Management.Host.ShouldBe("n2.test");
        found.IsOtherSpeaker.ShouldBeTrue();
        found.Snapshot.Ready.ShouldBeTrue();
        _rig.Two.Asked.ShouldBe([null], "n2 knows nothing of the ids of n1");
    }

    [Fact]
    public void Notes_BackAtTheSameNode_ResumesWithItsId()
    {
        var missed = FleetText.Change(8, FleetText.Node("n2", ready: false));
        _rig.One.Ends((0, FleetText.Snapshot(Whole)), (1, missed[..^10]));
        var now = FleetText.Fleet(8, FleetText.Node("n1"), FleetText.Node("n2", ready: false));
        _rig.One.Silent((0, FleetText.Snapshot(now, hasId: false)), (0, missed));
        _rig.Follow(until: 2);

        _rig.One.Asked.ShouldBe([null, $"{FleetText.Epoch}-7"]);
        _rig.Two.Asked.ShouldBe([null]);
        _rig.Notes.OfType<FleetFollowed>().Last().ShouldSatisfyAllConditions(
            note => note.IsResumed.ShouldBeTrue(), note => note.IsOtherSpeaker.ShouldBeFalse());
        _rig.Last.ShouldBeOfType<FleetChanged>().ShouldSatisfyAllConditions(
            note => note.Change.Revision.ShouldBe(8),
            note => note.Snapshot.Nodes[1].Snapshot.Ready.ShouldBeFalse());
    }

    [Fact]
    public void Notes_AnotherNodeSpokeMeanwhile_BeginsAnew()
    {
        _rig.One.Ends((0, FleetText.Snapshot(Whole)));
        _rig.Two.Ends((0, FleetText.Snapshot(FleetText.AsOther(Whole))));
        _rig.One.Silent((0, FleetText.Snapshot(Whole)));
        _rig.Follow(until: 1);

        _rig.One.Asked.ShouldBe([null, null]);
        _rig.Last.ShouldBeOfType<FleetFollowed>().IsOtherSpeaker.ShouldBeTrue();
    }

    [Fact]
    public void Notes_NobodyAnswers_TriesEachAndThenPauses()
    {
        _rig.Follow(until: 0.2);

        var lost = _rig.Notes.OfType<FleetLost>().Select(note => (note.Lost.Management.Host, Pause: note.RetryIn.TotalMilliseconds));
        lost.Take(4).ShouldBe([("n1.test", 0), ("n2.test", 25), ("n1.test", 0), ("n2.test", 27.5)]);
        _rig.Last.Snapshot.Nodes.ShouldBeEmpty();
        _rig.Notes.OfType<FleetLost>().Last().All.Select(loss => loss.ToString())
            .ShouldBe(
            [
                "http://n1.test:9090: not reachable (connection refused)", "http://n2.test:9090: not reachable (connection refused)",
            ]);
    }

    [Fact]
    public void Snapshots_NobodyAnswersForLong_SayItOnce()
    {
        _rig.One.Ends((0, FleetText.Snapshot(Whole)));
        _rig.Follow(until: 60);

        // Unknown, the fleet, n1 is cut, n2 is unreachable too, n1 is unreachable.
        _rig.Notes.Count.ShouldBeGreaterThan(100);
        _rig.Snapshots.Count.ShouldBe(5);
    }

    [Fact]
    public async Task Notes_Silence_GoesOnWithTheNext()
    {
        _rig.One.Silent((0, FleetText.Snapshot(Whole)), (4, FleetText.Heartbeat()));
        _rig.Two.Silent((0, FleetText.Snapshot(FleetText.AsOther(Whole))));
        _rig.Follow(until: 13.9);
        _rig.Notes.OfType<FleetLost>().ShouldBeEmpty();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(14));

        await Eventually.HoldsAsync("n2 speaks", () => _rig.Last is FleetFollowed { Snapshot.Node: "n2" });
        _rig.Notes.OfType<FleetLost>().ShouldHaveSingleItem().Lost.Reason.ShouldBe(FeedLoss.Silent);
    }

    [Fact]
    public void Notes_Bye_GoesOnWithTheNextAtOnce()
    {
        _rig.One.Ends((0, FleetText.Snapshot(Whole)), (1, FeedText.Bye()));
        _rig.Two.Silent((0, FleetText.Snapshot(FleetText.AsOther(Whole))));
        _rig.Follow(until: 1);

        _rig.Notes.OfType<FleetLost>().ShouldHaveSingleItem().Lost.Reason.ShouldBe(FeedLoss.Stopped);
        _rig.Last.Snapshot.Node.ShouldBe("n2");
    }

    [Theory]
    [InlineData("event: transition\ndata: {\"revision\":8}\n\n")]
    [InlineData("event: snapshot\ndata: {}\n\n")]
    [InlineData("event: snapshot\ndata: null\n\n")]
    public void Notes_WhatCannotBeRead_IsLostAndRequestedAnew(string garbage)
    {
        _rig.One.Silent((0, FleetText.Snapshot(Whole)), (1, garbage));
        _rig.One.Silent((0, FleetText.Snapshot(Whole)));
        _rig.Follow(both: false, until: 3);

        _rig.Notes.OfType<FleetLost>().ShouldHaveSingleItem().Lost.Reason.ShouldBe(FeedLoss.Garbled);
        _rig.One.Asked.ShouldBe([null, null]);
        _rig.Last.Snapshot.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Notes_AChangeIsLeftOut_IsNoFleetToTrust()
    {
        _rig.One.Silent((0, FleetText.Snapshot(Whole)), (1, FleetText.Change(9, FleetText.Node("n2", ready: false))));
        _rig.Follow(both: false, until: 1);

        _rig.Notes.OfType<FleetLost>().First().Lost.ShouldSatisfyAllConditions(
            loss => loss.Reason.ShouldBe(FeedLoss.Garbled),
            loss => loss.Detail.ShouldBe($"left out changes of the fleet before {FleetText.Epoch}-9"));
    }

    [Fact]
    public void Notes_WhatALaterVersionSends_IsNamedAndSkipped()
    {
        _rig.One.Silent(
            (0, FleetText.Snapshot(Whole)),
            (1, FeedText.Frame("weather", "rain", null)),
            (1, FleetText.Change(8, FleetText.Node("n2"), epoch: FleetText.OtherEpoch)));
        _rig.Follow(both: false, until: 2);

        _rig.Notes.OfType<FleetProblem>().Select(note => note.Problem)
            .ShouldBe(["a message of an unknown type, 'weather'", $"a change of another run, {FleetText.OtherEpoch}-8"]);
        _rig.Notes.OfType<FleetLost>().ShouldBeEmpty();
    }

    [Fact]
    public void Notes_Reset_SaysThatChangesAreMissing()
    {
        _rig.One.Ends((0, FleetText.Snapshot(Whole)));
        _rig.One.Silent((0, FeedText.Reset("tooOld")), (0, FleetText.Snapshot(Whole with { Revision = 90 })));
        _rig.Follow(both: false, until: 1);

        _rig.Notes.OfType<FleetReset>().ShouldHaveSingleItem().Reason.ShouldBe("tooOld");
        _rig.Last.ShouldBeOfType<FleetFollowed>().IsResumed.ShouldBeFalse();
    }

    [Fact]
    public void Notes_TheBrokerIsNoneThatKnowsFleets_IsSaid()
    {
        _rig.One.Fails(FeedLoss.NotCassini, "answers, but not as Cassini does (404 text/plain)");
        _rig.Follow(both: false);

        _rig.Notes.OfType<FleetLost>().First().Lost.Reason.ShouldBe(FeedLoss.NotCassini);
    }

    [Fact]
    public void Constructor_NoAddress_IsRefused() => Should.Throw<ArgumentException>(() => new FleetFeed([]));

    [Fact]
    public void Constructor_AnAddressOfAnotherKind_IsRefused() =>
        Should.Throw<ArgumentException>(() => new FleetFeed([new Uri("http://a:9090"), new Uri("mqtt://b:8883")]));
}
