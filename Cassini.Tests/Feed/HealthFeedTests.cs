using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Feed;

/// <summary>The feed's client in virtual time, against connections that are written in the test.</summary>
public sealed class HealthFeedTests : IAsyncDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly ScriptedTransport _transport;
    private volatile ImmutableList<FeedNote> _notes = [];
    private IDisposable? _subscription;

    public HealthFeedTests() => _transport = new ScriptedTransport(_clock.Time);

    private FeedNote Last => _notes[^1];

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        await Eventually.HoldsAsync("every stream is closed", () => _transport.StreamsOpen == 0);
    }

    [Fact]
    public void Notes_BeforeAnything_IsUnknownAndNotReady()
    {
        Follow();

        _notes[0].ShouldBeOfType<FeedConnecting>().Snapshot.ShouldSatisfyAllConditions(
            health => health.Status.ShouldBe(HealthStatus.Unknown),
            health => health.Ready.ShouldBeFalse(),
            health => health.Live.ShouldBeFalse());
    }

    [Fact]
    public void Notes_Snapshot_IsTheWholeHealthWithItsProbes()
    {
        var health = FeedText.Health();
        _transport.Silent((0, FeedText.Snapshot(health)));
        Follow();

        var note = Last.ShouldBeOfType<FeedSnapshot>();
        note.IsResumed.ShouldBeFalse();
        note.IsRestarted.ShouldBeFalse();
        note.Snapshot.Ready.ShouldBeTrue();
        JsonSerializer.Serialize(note.Snapshot, HealthJson.Snapshot).ShouldBe(JsonSerializer.Serialize(health, HealthJson.Snapshot));
    }

    [Fact]
    public void Notes_Transition_ChangesItsCheckAndTheVerdicts()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Transition(12, ready: false)));
        Follow(until: 2);

        var health = Last.ShouldBeOfType<FeedEvent>().Snapshot;
        health.ShouldSatisfyAllConditions(
            h => h.Ready.ShouldBeFalse(),
            h => h.Status.ShouldBe(HealthStatus.Error),
            h => h.Revision.ShouldBe(12),
            h => h.Log.NewestId.ShouldBe($"{FeedText.Epoch}-12"),
            h => h.Checks.ShouldHaveSingleItem().Reason.ShouldBe(Reasons.BindFailed));
        HealthReason.Of(health).ShouldBe("bind BindFailed: it is not bound");
    }

    [Fact]
    public void Notes_EventsOfOtherKinds_ChangeWhatTheySay()
    {
        _transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())),
            (1, FeedText.Event(11, new ConnectionAccepted(3, "127.0.0.1:8883", "127.0.0.1:5000"))),
            (1, FeedText.Event(12, new LoadSampled(77, 3, 0, 0, 5))),
            (1, FeedText.Event(13, new BindFailed("127.0.0.1:8883", "AddressAlreadyInUse", "address already in use", 1, TimeSpan.FromSeconds(1)))),
            (1, FeedText.Event(14, new PhaseEntered(Phase.Draining))));
        Follow(until: 5);

        Last.Snapshot.ShouldSatisfyAllConditions(
            h => h.ActiveListeners.ShouldBe(3),
            h => h.LastConnection.ShouldNotBeNull(),
            h => h.Backlog.ShouldBe(77),
            h => h.Topics.Count.ShouldBe(5),
            h => h.Endpoints.ShouldHaveSingleItem().State.ShouldBe(EndpointState.Failed),
            h => h.LastError!.Message.ShouldBe("bind 127.0.0.1:8883: address already in use"),
            h => h.Phase.ShouldBe(Phase.Draining));
    }

    [Fact]
    public void Notes_CutMidEvent_IsLostAndResumesAfterTheLastWholeOne()
    {
        var cut = FeedText.Transition(12, ready: false);
        _transport.Ends((0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Event(11, new TopicCreated("a"))), (0, cut[..^20]));
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false, through: 12), hasId: false)), (0, cut));
        Follow(until: 3);

        var lost = _notes.OfType<FeedLost>().ShouldHaveSingleItem();
        lost.Reason.ShouldBe(FeedLoss.Cut);
        lost.Snapshot.ShouldSatisfyAllConditions(
            h => h.Status.ShouldBe(HealthStatus.Unknown),
            h => h.Ready.ShouldBeFalse(),
            h => h.Checks.ShouldAllBe(check => check.Status == HealthStatus.Unknown));
        _transport.Asked.ShouldBe([null, $"{FeedText.Epoch}-11"]);
        _notes.OfType<FeedSnapshot>().Last().IsResumed.ShouldBeTrue();
        Last.ShouldBeOfType<FeedEvent>().Envelope.Sequence.ShouldBe(12);
        Last.Snapshot.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Notes_MissedEventsAfterANewerSnapshot_DoNotTurnHealthBack()
    {
        _transport.Ends((0, FeedText.Snapshot(FeedText.Health())));
        _transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health(ready: true, through: 14), hasId: false)),
            (0, FeedText.Transition(11, ready: false)),
            (0, FeedText.Transition(13, ready: true)));
        Follow(until: 3);

        _notes.OfType<FeedEvent>().Select(note => note.Envelope.Sequence).ShouldBe([11, 13]);
        _notes.OfType<FeedEvent>().ShouldAllBe(note => note.Snapshot.Ready && note.Snapshot.Revision == 14);
    }

    [Fact]
    public void Notes_TheSameEventTwice_IsToldOnce()
    {
        _transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Event(11, new TopicCreated("a"))), (0, FeedText.Event(11, new TopicCreated("a"))),
            (0, FeedText.Event(12, new TopicCreated("b"))));
        Follow(until: 2);

        _notes.OfType<FeedEvent>().Select(note => note.Envelope.Sequence).ShouldBe([11, 12]);
    }

    [Fact]
    public void Notes_Reset_IsToldAndTheSnapshotAfterItCounts()
    {
        _transport.Ends((0, FeedText.Snapshot(FeedText.Health())));
        _transport.Silent((0, FeedText.Reset("tooOld")), (0, FeedText.Snapshot(FeedText.Health(ready: false, through: 20_000))), (1, FeedText.Event(20_001, new TopicCreated("a"))));
        Follow(until: 3);

        _notes.OfType<FeedReset>().ShouldHaveSingleItem().Reason.ShouldBe("tooOld");
        var snapshot = _notes.OfType<FeedSnapshot>().Last();
        snapshot.IsResumed.ShouldBeFalse();
        snapshot.IsRestarted.ShouldBeFalse();
        Last.Snapshot.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Notes_NewEpoch_IsARestartAndBeginsAnew()
    {
        _transport.Ends((0, FeedText.Snapshot(FeedText.Health(through: 500))));
        _transport.Ends(
            (0, FeedText.Reset("otherEpoch")), (0, FeedText.Snapshot(FeedText.Health(through: 3, epoch: FeedText.NextEpoch))),
            (1, FeedText.Event(4, new TopicCreated("a"), FeedText.NextEpoch)));
        Follow(until: 4);

        _notes.OfType<FeedSnapshot>().Select(note => note.IsRestarted).ShouldBe([false, true]);
        _notes.OfType<FeedEvent>().ShouldHaveSingleItem().Envelope.Sequence.ShouldBe(4);
        _transport.Asked[2].ShouldBe($"{FeedText.NextEpoch}-4");
    }

    [Fact]
    public async Task Notes_Silence_IsLostAfterTwoAndAHalfHeartbeats()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (4, FeedText.Heartbeat(10)));
        Follow(until: 13.9);
        Last.ShouldBeOfType<FeedHeartbeat>();

        _clock.AdvanceTo(TimeSpan.FromSeconds(14));
        await Eventually.HoldsAsync("the silence is told", () => _notes.Any(note => note is FeedLost));

        var lost = _notes.OfType<FeedLost>().ShouldHaveSingleItem();
        lost.Reason.ShouldBe(FeedLoss.Silent);
        lost.Detail.ShouldBe("has been silent for 10 s");
        lost.Snapshot.Ready.ShouldBeFalse();
    }

    [Fact]
    public async Task Notes_BytesWithoutMessages_AreNoSignOfLife()
    {
        _transport.Silent([(0, FeedText.Snapshot(FeedText.Health())), .. Enumerable.Repeat((1.0, ": a proxy\n"), 30)]);
        Follow(until: 9.9);
        _notes.OfType<FeedLost>().ShouldBeEmpty();

        _clock.AdvanceTo(TimeSpan.FromSeconds(10.1));

        await Eventually.HoldsAsync("the silence is told", () => _notes.Any(note => note is FeedLost { Reason: FeedLoss.Silent }));
    }

    [Theory]
    [InlineData(15, 37.5)]
    [InlineData(1, 2.5)]
    public async Task Notes_HeartbeatOfTheBroker_DecidesHowLongSilenceMayBe(double heartbeat, double silence)
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health() with { HeartbeatSeconds = heartbeat })));
        Follow(until: silence - 0.1);
        _notes.OfType<FeedLost>().ShouldBeEmpty();

        _clock.AdvanceTo(TimeSpan.FromSeconds(silence));

        await Eventually.HoldsAsync("the silence is told", () => _notes.Any(note => note is FeedLost { Reason: FeedLoss.Silent }));
    }

    [Fact]
    public void Notes_WallClockJumps_NobodyNotices()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (4, FeedText.Heartbeat(10)));
        Follow(until: 5);

        _clock.StepWallClock(TimeSpan.FromDays(400));
        _clock.StepWallClock(TimeSpan.FromDays(-800));
        _clock.AdvanceTo(TimeSpan.FromSeconds(13));

        _notes.OfType<FeedLost>().ShouldBeEmpty();
    }

    [Fact]
    public void Notes_Bye_IsStoppedAndNotReady()
    {
        _transport.Ends((0, FeedText.Snapshot(FeedText.Health())), (1, FeedText.Bye()));
        Follow(until: 1);

        var lost = _notes.OfType<FeedLost>().First();
        lost.Reason.ShouldBe(FeedLoss.Stopped);
        lost.Snapshot.Phase.ShouldBe(Phase.Stopped);
        lost.Snapshot.Ready.ShouldBeFalse();
    }

    [Theory]
    [InlineData("event: transition\ndata: {\"id\":1}\n\n", FeedLoss.Garbled)]
    [InlineData("event: snapshot\ndata: {}\n\n", FeedLoss.Garbled)]
    [InlineData("event: snapshot\ndata: null\n\n", FeedLoss.Garbled)]
    public void Notes_GarbledHealth_IsLostAndAskedForAnew(string garbage, FeedLoss reason)
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (1, garbage));
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health(through: 15))));
        Follow(until: 3);

        _notes.OfType<FeedLost>().ShouldHaveSingleItem().Reason.ShouldBe(reason);
        _transport.Asked.ShouldBe([null, null]);
        Last.Snapshot.Ready.ShouldBeTrue();
    }

    [Theory]
    [InlineData("event: event\ndata: nonsense\n\n", "not an event: ")]
    [InlineData("event: event\ndata: {\"id\":\"0000019a5c3e7f10-11\",\"time\":\"2026-11-22T10:15:30.500Z\",\"elapsed\":1,\"type\":\"x\\u001b[2J\",\"event\":{}}\n\n", "an event of an unknown type, 'x\\u{1B}[2J'")]
    [InlineData("event: weather\ndata: rain\n\n", "a message of an unknown type, 'weather'")]
    public void Notes_GarbageThatHealthDoesNotNeed_IsNamedAndGoneOver(string garbage, string expected)
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health())), (1, garbage), (1, FeedText.Transition(13, ready: false)));
        Follow(until: 3);

        _notes.OfType<FeedProblem>().ShouldHaveSingleItem().Problem.ShouldStartWith(expected);
        _notes.OfType<FeedLost>().ShouldBeEmpty();
        Last.Snapshot.Ready.ShouldBeFalse();
    }

    [Theory]
    [InlineData("event: snapshot\ndata: {}\n\n")]
    [InlineData("event: weather\ndata: rain\n\n")]
    [InlineData("data: hello\n\n")]
    public void Notes_AFeedOfSomethingElse_IsNotCassini(string first)
    {
        _transport.Silent((0, first));
        Follow();

        _notes.OfType<FeedLost>().First().Reason.ShouldBe(FeedLoss.NotCassini);
    }

    [Fact]
    public void Notes_AMessageWithoutAnEnd_IsCutOff()
    {
        var piece = new string('x', 1 << 20);
        _transport.Silent([(0, FeedText.Snapshot(FeedText.Health())), (0, "data: "), .. Enumerable.Repeat((0.1, piece), 20)]);
        Follow(until: 3);

        _notes.OfType<FeedLost>().First().Detail.ShouldBe("sends a message without an end");
    }

    [Fact]
    public void Notes_NobodyAnswers_IsTriedAgainAtGrowingAndSpreadPauses()
    {
        Follow(random: 0, until: 60);

        var pauses = _notes.OfType<FeedLost>().Select(note => note.RetryIn.TotalSeconds).ToList();
        pauses[..4].ShouldBe([0.025, 0.0275, 0.03025, 0.033275], tolerance: 1e-6);
        pauses[^1].ShouldBe(1, tolerance: 1e-6);
        _notes.Skip(1).ShouldAllBe(note => note is FeedLost);
        _notes.OfType<FeedLost>().Select(note => note.Snapshot).Distinct(ReferenceEqualityComparer.Instance).Count().ShouldBe(1, "nothing changed");
    }

    [Fact]
    public void Notes_FeedsThatBreakAtOnce_AreNotHammered()
    {
        for (var i = 0; i < 200; i++)
        {
            _transport.Ends((0, FeedText.Snapshot(FeedText.Health())));
        }

        Follow(random: 1, until: 10);

        _transport.Asked.Count.ShouldBeLessThan(60);
    }

    [Fact]
    public void Notes_ConnectThatIsNeverAnswered_IsGivenUpAfterItsTime()
    {
        _transport.NeverAnswers();
        Follow(until: 9.9);
        _notes.Count.ShouldBe(1);

        _clock.AdvanceTo(TimeSpan.FromSeconds(10));

        Last.ShouldBeOfType<FeedLost>().Detail.ShouldBe("not reachable (no answer in time)");
    }

    [Fact]
    public void Notes_AnOldIdToStartFrom_IsAskedFor()
    {
        Follow(options => options with { After = new EventId(new Epoch(7), 3), Categories = [EventCategory.Listener] });

        _transport.Asked[0].ShouldBe("0000000000000007-3");
        _transport.Categories[0].ShouldBe([EventCategory.Listener, EventCategory.Health]);
    }

    [Fact]
    public void Snapshots_FeedComesAndGoes_IsUnknownInBetweenAndNeverStale()
    {
        _transport.Ends((0, FeedText.Snapshot(FeedText.Health())), (2, FeedText.Heartbeat(10)));
        _transport.Fails(FeedLoss.Busy, "serves no feed now");
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health(through: 12))));
        var seen = new List<(double At, HealthStatus Status)>();
        using var feed = Feed();
        _subscription = feed.Snapshots.Subscribe(health => seen.Add((_clock.Elapsed.TotalSeconds, health.Status)));
        _clock.AdvanceTo(TimeSpan.FromSeconds(3));

        seen.Select(step => step.Status).ShouldBe([HealthStatus.Unknown, HealthStatus.Ok, HealthStatus.Unknown, HealthStatus.Unknown, HealthStatus.Ok]);
        seen[2].At.ShouldBe(2);
    }

    [Fact]
    public async Task WaitUntilReady_ReadyLater_EndsWithTheVeryTransition()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))), (3, FeedText.Transition(12, ready: true)));
        using var feed = Feed();
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _clock.AdvanceTo(TimeSpan.FromSeconds(2.9));
        waiting.IsCompleted.ShouldBeFalse();

        _clock.AdvanceTo(TimeSpan.FromSeconds(3));

        (await waiting).Revision.ShouldBe(12);
    }

    [Fact]
    public async Task WaitUntilReady_Never_SaysTheLastStatusPhaseAndReasons()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))));
        using var feed = Feed();
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _clock.AdvanceTo(TimeSpan.FromSeconds(5));

        var failure = await Should.ThrowAsync<BrokerNotReadyException>(waiting);
        failure.ShouldSatisfyAllConditions(
            f => f.Cause.ShouldBe(NotReadyCause.TimedOut),
            f => f.Last.Status.ShouldBe(HealthStatus.Error),
            f => f.Last.Phase.ShouldBe(Phase.Ready),
            f => f.Message.ShouldBe("timed out after 5 s: http://cassini.test:9090: bind BindFailed"));
    }

    [Fact]
    public async Task WaitUntilReady_CredentialsRefused_FailsAtOnce()
    {
        _transport.Fails(FeedLoss.Refused, "does not accept the credentials (401 Unauthorized)");
        using var feed = Feed();

        var failure = await Should.ThrowAsync<BrokerNotReadyException>(feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));

        failure.Cause.ShouldBe(NotReadyCause.Refused);
        failure.Message.ShouldBe("http://cassini.test:9090: does not accept the credentials (401 Unauthorized)");
    }

    [Fact]
    public async Task WaitUntilReady_TheBrokerGaveUp_FailsAtOnce()
    {
        _transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health(ready: false))),
            (1, FeedText.Transition(12, ready: false, CheckNames.Supervision, Reasons.GaveUp)));
        using var feed = Feed();
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        _clock.AdvanceTo(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<BrokerNotReadyException>(waiting)).Cause.ShouldBe(NotReadyCause.GaveUp);
    }

    [Fact]
    public async Task WaitFor_ConditionThrows_EndsTheWait()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health())));
        using var feed = Feed();

        var waiting = feed.WaitForAsync(_ => throw new InvalidOperationException("a bug"), Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<InvalidOperationException>(waiting)).Message.ShouldBe("a bug");
    }

    [Fact]
    public async Task WaitUntilReady_Cancelled_LeavesNothingBehind()
    {
        _transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))));
        using var feed = Feed();
        using var stop = new CancellationTokenSource();
        var waiting = feed.WaitUntilReadyAsync(Timeout.InfiniteTimeSpan, stop.Token);

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public async Task Group_AllMustHoldAtOnce()
    {
        var other = new ScriptedTransport(_clock.Time);
        _transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())), (2, FeedText.Transition(12, ready: false)), (2, FeedText.Transition(13, ready: true)));
        other.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))), (3, FeedText.Transition(12, ready: true)));
        using var one = Feed();
        using var two = new HealthFeed(new Uri("http://other.test:9090/"), Options(), other, () => 0);
        var waiting = new HealthFeedGroup([one, two]).WaitUntilReadyAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        _clock.AdvanceTo(TimeSpan.FromSeconds(3.9));
        waiting.IsCompleted.ShouldBeFalse();

        _clock.AdvanceTo(TimeSpan.FromSeconds(4));

        (await waiting).ShouldSatisfyAllConditions(
            health => health.Ready.ShouldBeTrue(),
            health => health.Status.ShouldBe(HealthStatus.Ok),
            health => health.Nodes.Length.ShouldBe(2));
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("ftp://a:1")]
    public void New_AddressOfNoManagement_IsRefused(string address) =>
        Should.Throw<ArgumentException>(() => new HealthFeed(new Uri(address, UriKind.RelativeOrAbsolute)));

    [Fact]
    public void New_OptionsOutOfRange_AreRefused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Feed(options => options with { ConnectTimeout = TimeSpan.Zero }));
        Should.Throw<ArgumentOutOfRangeException>(() => Feed(options => options with { FirstRetry = TimeSpan.Zero }));
        Should.Throw<ArgumentOutOfRangeException>(() => Feed(options => options with { LongestRetry = TimeSpan.FromMilliseconds(1) }));
    }

    private HealthFeedOptions Options() => new() { Time = _clock.Time };

    private HealthFeed Feed(Func<HealthFeedOptions, HealthFeedOptions>? change = null, double random = 0) =>
        new(new Uri("http://cassini.test:9090/"), change?.Invoke(Options()) ?? Options(), _transport, () => random);

    private void Follow(Func<HealthFeedOptions, HealthFeedOptions>? change = null, double until = 0, double random = 0)
    {
        _subscription = Feed(change, random).Notes
            .Subscribe(note => _notes = _notes.Add(note), failure => throw failure);
        _clock.AdvanceTo(TimeSpan.FromSeconds(until));
    }
}
