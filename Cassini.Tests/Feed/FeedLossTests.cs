using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Tests.Support;

namespace Cassini.Tests.Feed;

/// <summary>Feeds that are lost: silent, cut off, stopped, garbled.</summary>
public sealed class FeedLossTests : IAsyncDisposable
{
    private readonly FeedRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public void Notes_CutMidEvent_IsLostAndResumesAfterTheLastWholeOne()
    {
        var cut = FeedText.Transition(12, ready: false);
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Event(11, new TopicCreated("a"))), (0, cut[..^20]));
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false, through: 12), hasId: false)), (0, cut));
        _rig.Follow(until: 3);

        var lost = _rig.Notes.OfType<FeedLost>().ShouldHaveSingleItem();
        lost.Reason.ShouldBe(FeedLoss.Cut);
        lost.Snapshot.ShouldSatisfyAllConditions(
            h => h.Status.ShouldBe(HealthStatus.Unknown),
            h => h.Ready.ShouldBeFalse(),
            h => h.Checks.ShouldAllBe(check => check.Status == HealthStatus.Unknown));
        _rig.Transport.Asked.ShouldBe([null, $"{FeedText.Epoch}-11"]);
        _rig.Notes.OfType<FeedSnapshot>().Last().IsResumed.ShouldBeTrue();
        _rig.Last.ShouldBeOfType<FeedEvent>().Envelope.Sequence.ShouldBe(12);
        _rig.Last.Snapshot.Ready.ShouldBeFalse();
    }

    [Fact]
    public async Task Notes_Silence_IsLostAfterTwoAndAHalfHeartbeats()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (4, FeedText.Heartbeat(10)));
        _rig.Follow(until: 13.9);
        _rig.Last.ShouldBeOfType<FeedHeartbeat>();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(14));
        await Eventually.HoldsAsync("the silence is reported", () => _rig.Notes.Any(note => note is FeedLost));

        var lost = _rig.Notes.OfType<FeedLost>().ShouldHaveSingleItem();
        lost.Reason.ShouldBe(FeedLoss.Silent);
        lost.Detail.ShouldBe("has been silent for 10 s");
        lost.Snapshot.Ready.ShouldBeFalse();
        lost.Snapshot.Endpoints.ShouldHaveSingleItem().State.ShouldBe(EndpointState.Bound);
    }

    // What the broker sent meanwhile is still to be read.
    [Fact]
    public async Task Notes_PauseOfTheReader_IsNoSilence()
    {
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())), (4, FeedText.Heartbeat(10)), (62, FeedText.Event(11, new TopicCreated("a"))));
        _rig.Follow(until: 5);
        _rig.Clock.Scheduler.Sleep(TimeSpan.FromMinutes(1).Ticks);
        _rig.Clock.AdvanceBy(TimeSpan.FromSeconds(2));

        await Eventually.HoldsAsync("what came after the pause is read", () => _rig.Last is FeedEvent or FeedLost);
        _rig.Notes.OfType<FeedLost>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Notes_BytesWithoutMessages_AreNoSignOfLife()
    {
        _rig.Transport.Silent([(0, FeedText.Snapshot(FeedText.Health())), .. Enumerable.Repeat((1.0, ": a proxy\n"), 30)]);
        _rig.Follow(until: 9.9);
        _rig.Notes.OfType<FeedLost>().ShouldBeEmpty();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(10.1));

        await Eventually.HoldsAsync("the silence is reported", () => _rig.Notes.Any(note => note is FeedLost { Reason: FeedLoss.Silent }));
    }

    [Theory]
    [InlineData(15, 37.5)]
    [InlineData(1, 2.5)]
    public async Task Notes_HeartbeatOfTheBroker_DecidesHowLongSilenceMayBe(double heartbeat, double silence)
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health() with { HeartbeatSeconds = heartbeat })));
        _rig.Follow(until: silence - 0.1);
        _rig.Notes.OfType<FeedLost>().ShouldBeEmpty();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(silence));

        await Eventually.HoldsAsync("the silence is reported", () => _rig.Notes.Any(note => note is FeedLost { Reason: FeedLoss.Silent }));
    }

    [Fact]
    public void Notes_WallClockJumps_ChangeNothing()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (4, FeedText.Heartbeat(10)));
        _rig.Follow(until: 5);

        _rig.Clock.StepWallClock(TimeSpan.FromDays(400));
        _rig.Clock.StepWallClock(TimeSpan.FromDays(-800));
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(13));

        _rig.Notes.OfType<FeedLost>().ShouldBeEmpty();
    }

    [Fact]
    public void Notes_Bye_IsStoppedAndNotReady()
    {
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Bye()));
        _rig.Follow(until: 1);

        var lost = _rig.Notes.OfType<FeedLost>().First();
        lost.Reason.ShouldBe(FeedLoss.Stopped);
        lost.Snapshot.Phase.ShouldBe(Phase.Stopped);
        lost.Snapshot.Ready.ShouldBeFalse();
        lost.Snapshot.Endpoints.ShouldHaveSingleItem().State.ShouldBe(EndpointState.Closed);
    }

    [Theory]
    [InlineData("event: transition\ndata: {\"id\":1}\n\n", FeedLoss.Garbled)]
    [InlineData("event: snapshot\ndata: {}\n\n", FeedLoss.Garbled)]
    [InlineData("event: snapshot\ndata: null\n\n", FeedLoss.Garbled)]
    public void Notes_GarbledHealth_IsLostAndRequestedAnew(string garbage, FeedLoss reason)
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (1, garbage));
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(through: 15))));
        _rig.Follow(until: 3);

        _rig.Notes.OfType<FeedLost>().ShouldHaveSingleItem().Reason.ShouldBe(reason);
        _rig.Transport.Asked.ShouldBe([null, null]);
        _rig.Last.Snapshot.Ready.ShouldBeTrue();
    }

    [Theory]
    [InlineData("event: snapshot\ndata: {}\n\n")]
    [InlineData("event: weather\ndata: rain\n\n")]
    [InlineData("data: hello\n\n")]
    public void Notes_AFeedOfSomethingElse_IsNotCassini(string first)
    {
        _rig.Transport.Silent((0, first));
        _rig.Follow();

        _rig.Notes.OfType<FeedLost>().First().Reason.ShouldBe(FeedLoss.NotCassini);
    }

    [Fact]
    public void Notes_AMessageWithoutAnEnd_IsLost()
    {
        var piece = new string('x', 1 << 20);
        _rig.Transport.Silent([(0, FeedText.Snapshot(FeedText.Health())), (0, "data: "), .. Enumerable.Repeat((0.1, piece), 20)]);
        _rig.Follow(until: 3);

        _rig.Notes.OfType<FeedLost>().First().Detail.ShouldBe("sends a message without an end");
    }
}
