using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Tests.Feed;

/// <summary>What the notes of a feed report of each message.</summary>
public sealed class FeedNotesTests : IAsyncDisposable
{
    private readonly FeedRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public void Notes_BeforeAnything_IsUnknownAndNotReady()
    {
        _rig.Follow();

        _rig.Notes[0].ShouldBeOfType<FeedConnecting>().Snapshot.ShouldSatisfyAllConditions(
            health => health.Status.ShouldBe(HealthStatus.Unknown),
            health => health.Ready.ShouldBeFalse(),
            health => health.Live.ShouldBeFalse());
    }

    [Fact]
    public void Notes_Snapshot_IsTheWholeHealthWithItsProbes()
    {
        var health = FeedText.Health();
        _rig.Transport.Silent((0, FeedText.Snapshot(health)));
        _rig.Follow();

        var note = _rig.Last.ShouldBeOfType<FeedSnapshot>();
        note.IsResumed.ShouldBeFalse();
        note.IsRestarted.ShouldBeFalse();
        note.Snapshot.Ready.ShouldBeTrue();
        JsonSerializer.Serialize(note.Snapshot, HealthJson.Snapshot).ShouldBe(JsonSerializer.Serialize(health, HealthJson.Snapshot));
    }

    [Fact]
    public void Notes_Transition_ChangesItsCheckAndTheVerdicts()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Transition(12, ready: false)));
        _rig.Follow(until: 2);

        var health = _rig.Last.ShouldBeOfType<FeedEvent>().Snapshot;
        health.ShouldSatisfyAllConditions(
            h => h.Ready.ShouldBeFalse(),
            h => h.Status.ShouldBe(HealthStatus.Error),
            h => h.Revision.ShouldBe(12),
            h => h.Log.NewestId.ShouldBe($"{FeedText.Epoch}-12"),
            h => h.Checks.ShouldHaveSingleItem().Reason.ShouldBe(Reasons.BindFailed));
        HealthReason.Of(health).ShouldBe("bind BindFailed: it is not bound");
    }

    [Fact]
    public void Notes_EventsOfOtherKinds_ChangeTheirFacts()
    {
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())),
            (1, FeedText.Event(11, new ConnectionAccepted(3, "127.0.0.1:8883", "127.0.0.1:5000"))),
            (1, FeedText.Event(12, new LoadSampled(77, 3, 0, 0, 5))),
            (1, FeedText.Event(
                13, new BindFailed("127.0.0.1:8883", "AddressAlreadyInUse", "address already in use", 1, TimeSpan.FromSeconds(1)))),
            (1, FeedText.Event(14, new PhaseEntered(Phase.Draining))));
        _rig.Follow(until: 5);

        _rig.Last.Snapshot.ShouldSatisfyAllConditions(
            h => h.ActiveListeners.ShouldBe(3),
            h => h.LastConnection.ShouldNotBeNull(),
            h => h.Backlog.ShouldBe(77),
            h => h.Topics.Count.ShouldBe(5),
            h => h.Endpoints.ShouldHaveSingleItem().State.ShouldBe(EndpointState.Failed),
            h => h.LastError!.Message.ShouldBe("bind 127.0.0.1:8883: address already in use"),
            h => h.Phase.ShouldBe(Phase.Draining));
    }

    /// <summary>A healthy broker sends two events a second.</summary>
    [Fact]
    public void Snapshots_NothingVisibleChanges_HasNoValue()
    {
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())),
            (1, FeedText.Event(11, new HeartbeatReceived(TimeSpan.FromMilliseconds(1), 3, 10))),
            (1, FeedText.Event(12, new ConnectionAccepted(3, "127.0.0.1:8883", "127.0.0.1:5000"))),
            (1, FeedText.Event(13, new LoadSampled(77, 3, 0, 0, 5))),
            (1, FeedText.Snapshot(FeedText.Health() with { Backlog = 5, UptimeSeconds = 9 }, hasId: false)),
            (1, FeedText.Event(14, new ListenerClosed("127.0.0.1:8883", ListenerCloseReason.Rehearsal))),
            (1, FeedText.Transition(15, ready: false)),
            (1, FeedText.Event(16, new PhaseEntered(Phase.Draining))),
            (1, FeedText.Event(17, new HeartbeatReceived(TimeSpan.FromMilliseconds(1), 3, 10))));
        var seen = new List<HealthSnapshot>();
        using var subscription = _rig.Feed().Snapshots.Subscribe(seen.Add, failure => throw failure);
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(9));

        seen.Select(health => $"{health.Status} {health.Phase} {string.Join(' ', health.Endpoints.Select(endpoint => endpoint.State))}")
            .ShouldBe(["Unknown Starting ", "Ok Ready Bound", "Ok Ready Closed", "Error Ready Closed", "Error Draining Closed"]);
    }

    [Fact]
    public void Notes_MissedEventsAfterANewerSnapshot_DoNotRevertHealth()
    {
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health())));
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health(ready: true, through: 14), hasId: false)),
            (0, FeedText.Transition(11, ready: false)),
            (0, FeedText.Transition(13, ready: true)));
        _rig.Follow(until: 3);

        _rig.Notes.OfType<FeedEvent>().Select(note => note.Envelope.Sequence).ShouldBe([11, 13]);
        _rig.Notes.OfType<FeedEvent>().ShouldAllBe(note => note.Snapshot.Ready && note.Snapshot.Revision == 14);
    }

    [Fact]
    public void Notes_TheSameEventTwice_IsReportedOnce()
    {
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())),
            (1, FeedText.Event(11, new TopicCreated("a"))),
            (0, FeedText.Event(11, new TopicCreated("a"))),
            (0, FeedText.Event(12, new TopicCreated("b"))));
        _rig.Follow(until: 2);

        _rig.Notes.OfType<FeedEvent>().Select(note => note.Envelope.Sequence).ShouldBe([11, 12]);
    }

    [Fact]
    public void Notes_Reset_IsReportedAndTheSnapshotAfterItCounts()
    {
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health())));
        _rig.Transport.Silent(
            (0, FeedText.Reset("tooOld")),
            (0, FeedText.Snapshot(FeedText.Health(ready: false, through: 20_000))),
            (1, FeedText.Event(20_001, new TopicCreated("a"))));
        _rig.Follow(until: 3);

        _rig.Notes.OfType<FeedReset>().ShouldHaveSingleItem().Reason.ShouldBe("tooOld");
        var snapshot = _rig.Notes.OfType<FeedSnapshot>().Last();
        snapshot.IsResumed.ShouldBeFalse();
        snapshot.IsRestarted.ShouldBeFalse();
        _rig.Last.Snapshot.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Notes_ResumedOverARestart_HasWhatWasMissedAndItChangesNothing()
    {
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health(through: 500))));
        _rig.Transport.Ends(
            (0, FeedText.Snapshot(FeedText.Health(through: 3, epoch: FeedText.NextEpoch), hasId: false)),
            (1, FeedText.Transition(501, ready: false)),
            (1, FeedText.Frame("run", "{}", $"{FeedText.NextEpoch}-0")),
            (1, FeedText.Event(1, new TopicCreated("a"), FeedText.NextEpoch)));
        _rig.Follow(until: 4);

        var restarted = _rig.Notes.OfType<FeedSnapshot>().Last();
        restarted.IsRestarted.ShouldBeTrue();
        restarted.IsResumed.ShouldBeTrue();
        var missed = _rig.Notes.OfType<FeedEvent>().ToList();
        missed.Select(note => note.Envelope.Id.ToString()).ShouldBe([$"{FeedText.Epoch}-501", $"{FeedText.NextEpoch}-1"]);
        missed.ShouldAllBe(note => note.Snapshot.Ready);
        _rig.Notes.OfType<FeedProblem>().ShouldBeEmpty();
        _rig.Transport.Asked[2].ShouldBe($"{FeedText.NextEpoch}-1");
    }

    [Fact]
    public void Notes_NewEpoch_IsARestartAndBeginsAnew()
    {
        _rig.Transport.Ends((0, FeedText.Snapshot(FeedText.Health(through: 500))));
        _rig.Transport.Ends(
            (0, FeedText.Reset("otherEpoch")), (0, FeedText.Snapshot(FeedText.Health(through: 3, epoch: FeedText.NextEpoch))),
            (1, FeedText.Event(4, new TopicCreated("a"), FeedText.NextEpoch)));
        _rig.Follow(until: 4);

        _rig.Notes.OfType<FeedSnapshot>().Select(note => note.IsRestarted).ShouldBe([false, true]);
        _rig.Notes.OfType<FeedEvent>().ShouldHaveSingleItem().Envelope.Sequence.ShouldBe(4);
        _rig.Transport.Asked[2].ShouldBe($"{FeedText.NextEpoch}-4");
    }

    [Theory]
    [InlineData("event: event\ndata: nonsense\n\n", "not an event: ")]
    [InlineData(
        "event: event\ndata: {\"id\":\"0000019a5c3e7f10-11\",\"time\":\"2026-11-22T10:15:30.500Z\",\"elapsed\":1,"
            + "\"type\":\"x\\u001b[2J\",\"event\":{}}\n\n",
        "an event of an unknown type, 'x\\u{1B}[2J'")]
    [InlineData("event: weather\ndata: rain\n\n", "a message of an unknown type, 'weather'")]
    public void Notes_GarbageThatHealthDoesNotNeed_IsNamedAndSkipped(string garbage, string expected)
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (1, garbage), (1, FeedText.Transition(13, ready: false)));
        _rig.Follow(until: 3);

        _rig.Notes.OfType<FeedProblem>().ShouldHaveSingleItem().Problem.ShouldStartWith(expected);
        _rig.Notes.OfType<FeedLost>().ShouldBeEmpty();
        _rig.Last.Snapshot.Ready.ShouldBeFalse();
    }
}
