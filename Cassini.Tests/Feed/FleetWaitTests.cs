using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;

namespace Cassini.Tests.Feed;

/// <summary>Waiting for a fleet that one needs.</summary>
public sealed class FleetWaitTests : IAsyncDisposable
{
    private readonly FleetRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task WaitUntilReady_TheLastNodeJoins_EndsWithTheVeryChange()
    {
        _rig.One.Silent(
            (0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2")))),
            (1, FleetText.Change(8, FleetText.Node("n3", ready: false, FleetNodeState.Unknown), FleetChangeKind.Joined)),
            (1, FleetText.Change(9, FleetText.Node("n3"))));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(3, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(1.9));
        waiting.IsCompleted.ShouldBeFalse();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(2));

        (await waiting).Revision.ShouldBe(9);
    }

    [Theory]
    [InlineData(Reasons.PeerSuspect)]
    [InlineData(Reasons.PeerLost)]
    [InlineData(Reasons.EngineLost)]
    [InlineData(Reasons.Alone)]
    public async Task WaitUntilReady_ANodeDoesNotHearAnother_Waits(string reason)
    {
        var apart = FleetText.Node("n2", failing: FleetText.Failing(CheckNames.Cluster, reason));
        _rig.One.Silent(
            (0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), apart))), (1, FleetText.Change(8, FleetText.Node("n2"))));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(2, TestContext.Current.CancellationToken);
        waiting.IsCompleted.ShouldBeFalse();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(1));

        (await waiting).Revision.ShouldBe(8);
    }

    // Nothing is wrong with it as it sees it, but it has not met all others yet.
    [Fact]
    public async Task WaitUntilReady_ANodeHasNotMetAnother_Waits()
    {
        var met = FleetText.Node("n2");
        var alone = met with { Snapshot = met.Snapshot with { Peers = 0 } };
        met = met with { Snapshot = met.Snapshot with { Peers = 1 } };
        _rig.One.Silent((0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), alone))), (1, FleetText.Change(8, met)));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(2, TestContext.Current.CancellationToken);
        waiting.IsCompleted.ShouldBeFalse();
        FleetReadiness.WhyNot(alone, 2).ShouldBe("ready, but it hears 0 of 1 other node");

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(1));

        (await waiting).Revision.ShouldBe(8);
    }

    // The fleet is whole: another fault is for the status to say.
    [Fact]
    public async Task WaitUntilReady_DegradedByAnotherReason_IsReady()
    {
        var skewed = FleetText.Node("n2", failing: FleetText.Failing(CheckNames.Cluster, Reasons.ClockSkew));
        _rig.One.Silent((0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), skewed))));
        using var feed = _rig.Feed();

        (await feed.WaitUntilReadyAsync(2, TestContext.Current.CancellationToken)).Revision.ShouldBe(7);
    }

    [Fact]
    public async Task WaitUntilReady_Never_SaysWhichNodeIsMissingOrNotReadyAndWhy()
    {
        var fleet = FleetText.Fleet(
            7, FleetText.Node("n1"), FleetText.Node("n2", ready: false), FleetText.Node("n3", ready: false, FleetNodeState.Suspect));
        _rig.One.Silent((0, FleetText.Snapshot(fleet with
        {
            Nodes = fleet.Nodes.SetItem(2, fleet.Nodes[2] with { Snapshot = fleet.Nodes[2].Snapshot with { Message = "not heard" } }),
            Tombstones = [FleetText.Tombstone("n4"), FleetText.Tombstone("n5", TombstoneReason.Left)],
        })), (4, FleetText.Heartbeat()));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(5, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(5));

        var failure = await Should.ThrowAsync<FleetNotReadyException>(waiting);
        failure.Cause.ShouldBe(NotReadyCause.TimedOut);
        failure.Last.Revision.ShouldBe(7);
        failure.Message.ShouldBe(
            "timed out after 5 s: n2: not ready: bind BindFailed: taken; n3: suspect: not heard; "
            + "2 nodes of 5 are missing: n4 is lost, n5 has left");
    }

    [Fact]
    public async Task WaitUntilReady_NobodyAnswers_SaysWhyOfEachAddress()
    {
        _rig.One.Fails(FeedLoss.TlsFailed, "answers, but TLS failed");
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(3, TimeSpan.FromMilliseconds(10), TestContext.Current.CancellationToken);
        _rig.Clock.AdvanceTo(TimeSpan.FromMilliseconds(10));

        (await Should.ThrowAsync<FleetNotReadyException>(waiting)).Message.ShouldBe(
            "timed out after 0.01 s: http://n1.test:9090: answers, but TLS failed; "
            + "http://n2.test:9090: not reachable (connection refused)");
    }

    [Fact]
    public async Task WaitUntilReady_EveryAddressRefuses_FailsAtOnce()
    {
        _rig.One.Fails(FeedLoss.Refused, "refuses this client (403 Forbidden)");
        _rig.Two.Fails(FeedLoss.Refused, "refuses this client (403 Forbidden)");
        using var feed = _rig.Feed();

        var failure = await Should.ThrowAsync<FleetNotReadyException>(feed.WaitUntilReadyAsync(2, TestContext.Current.CancellationToken));

        failure.Cause.ShouldBe(NotReadyCause.Refused);
        failure.Message.ShouldBe(
            "http://n1.test:9090: refuses this client (403 Forbidden); http://n2.test:9090: refuses this client (403 Forbidden)");
    }

    [Fact]
    public async Task WaitUntilReady_OneAddressRefuses_GoesOnWithTheOther()
    {
        _rig.One.Fails(FeedLoss.Refused, "refuses this client (403 Forbidden)");
        _rig.Two.Silent((0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2")))));
        using var feed = _rig.Feed();

        (await feed.WaitUntilReadyAsync(2, TestContext.Current.CancellationToken)).Nodes.Length.ShouldBe(2);
    }

    [Fact]
    public async Task WaitUntilReady_ANodeGaveUp_FailsAtOnceOnlyWhenTooFewAreLeft()
    {
        var lost = FleetText.Node(
            "n2", ready: false, failing: FleetText.Failing(CheckNames.Supervision, Reasons.GaveUp, HealthStatus.Error));
        _rig.One.Silent((0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), lost))));
        _rig.One.Silent((0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), lost))));
        using var feed = _rig.Feed();
        using var end = new CancellationTokenSource();

        var failure = await Should.ThrowAsync<FleetNotReadyException>(feed.WaitUntilReadyAsync(2, end.Token));
        var ofThree = feed.WaitUntilReadyAsync(3, end.Token);

        failure.Cause.ShouldBe(NotReadyCause.GaveUp);
        failure.Message.ShouldBe("n2: not ready: supervision GaveUp: a message");
        ofThree.IsCompleted.ShouldBeFalse("others may still come");
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(ofThree);
    }

    [Fact]
    public async Task WaitUntilReady_ABrokerOnItsOwn_FailsAtOnceForMoreThanOne()
    {
        var alone = FleetText.Fleet(1, FleetText.Node("n1")) with { Fleet = null };
        _rig.One.Silent((0, FleetText.Snapshot(alone)));
        _rig.One.Silent((0, FleetText.Snapshot(alone)));
        using var feed = _rig.Feed(both: false);

        var failure = await Should.ThrowAsync<FleetNotReadyException>(feed.WaitUntilReadyAsync(2, TestContext.Current.CancellationToken));
        var one = await feed.WaitUntilReadyAsync(1, TestContext.Current.CancellationToken);

        failure.Cause.ShouldBe(NotReadyCause.NoFleet);
        failure.Message.ShouldBe("n1 is a broker on its own and no node of a fleet, so there will not be 2 nodes");
        one.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task WaitUntil_AConditionOfTheCaller_EndsWithIt()
    {
        _rig.One.Silent(
            (0, FleetText.Snapshot(FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2")))),
            (1, FleetText.Gone(8, FleetText.Tombstone("n2"))));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilAsync(fleet => fleet.Tombstones.Length == 1, TestContext.Current.CancellationToken);

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(1));

        (await waiting).Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public async Task WaitUntil_ConditionThrows_EndsTheWait()
    {
        using var feed = _rig.Feed();

        var waiting = feed.WaitUntilAsync(_ => throw new InvalidOperationException("a bug"), TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<InvalidOperationException>(waiting)).Message.ShouldBe("a bug");
    }

    [Fact]
    public void WaitUntilReady_OfNoNodes_IsRefused()
    {
        using var feed = _rig.Feed();

        Should.Throw<ArgumentOutOfRangeException>(() => feed.WaitUntilReadyAsync(0, TestContext.Current.CancellationToken));
    }
}
