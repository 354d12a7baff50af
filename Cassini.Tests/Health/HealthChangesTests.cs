using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Cassini.Tests.Health;

/// <summary>The one stream of readings, for observers and for loops.</summary>
public sealed class HealthChangesTests : IDisposable
{
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    private readonly VirtualClock _clock = new();
    private readonly RecordingLogger<HealthProjection> _log = new();
    private readonly EventHub _hub;
    private readonly HealthProjection _health;

    public HealthChangesTests()
    {
        _hub = new EventHub(_clock.Time);
        _health = new HealthProjection(_hub, new HealthPolicy { Hold = TimeSpan.Zero }, _clock.Scheduler, "1.2.3", _log);
    }

    public void Dispose() => _health.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_Begins_GetsTheCurrentSnapshotAndThenEachVisibleDifference(bool observes)
    {
        _hub.Publish(Bound());
        await using var reader = HealthReader.Start(_health, observes);
        (await reader.NextAsync("the current one")).ShouldBeSameAs(_health.Current);

        _hub.Publish(new TopicCreated("nobody sees a difference"));
        _hub.Publish(BindFailed());

        var next = await reader.NextAsync("the difference");
        next.Revision.ShouldBe(_health.Current.Revision);
        next.Endpoints.Single().State.ShouldBe(EndpointState.Failed);
        reader.Unread.ShouldBe(0);
    }

    [Fact]
    public void Observer_Subscribes_GetsTheCurrentSnapshotWithinTheCall()
    {
        HealthSnapshot? first = null;
        using var subscription = _health.Changes.Subscribe(snapshot => first ??= snapshot, _ => { });

        first.ShouldBeSameAs(_health.Current);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_TicksStopAndRunAgain_IsToldOfEachAtItsTime(bool observes)
    {
        BecomeReady();
        _clock.AdvanceTo(S(1));
        await using var reader = HealthReader.Start(_health, observes);
        (await reader.NextAsync("all is well")).Ready.ShouldBeTrue();
        _health.StopTicks();

        // The last tick was at 1 s, and the windows are 5 s and 30 s.
        _clock.AdvanceTo(S(6));
        _health.Current.Ready.ShouldBeTrue();
        reader.Unread.ShouldBe(0);

        _clock.AdvanceBy(Instant);
        var stale = await reader.NextAsync("it is stale");
        stale.ShouldSatisfyAllConditions(
            () => stale.IsStale.ShouldBeTrue(),
            () => stale.Status.ShouldBe(HealthStatus.Error),
            () => stale.Ready.ShouldBeFalse(),
            () => stale.Live.ShouldBeTrue("livez waits for its own, longer window"),
            () => stale.ShouldBeSameAs(_health.Current));

        _clock.AdvanceTo(S(31));
        reader.Unread.ShouldBe(0);
        _clock.AdvanceBy(Instant);
        (await reader.NextAsync("it is dead")).Live.ShouldBeFalse();

        _health.ResumeTicks();
        _hub.Publish(Heartbeat());
        _hub.Publish(Probed());
        _hub.Publish(CanarySucceeded());
        _clock.AdvanceBy(S(0.5));
        HealthSnapshot fresh;
        do
        {
            fresh = await reader.NextAsync("it is fresh");
        }
        while (fresh.IsStale);

        fresh.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Reader_TicksStop_IsToldOfWhatIsFoldedAllTheSame()
    {
        BecomeReady();
        await using var reader = HealthReader.Start(_health, observes: false);
        await reader.NextAsync("all is well");
        _health.StopTicks();
        _clock.AdvanceTo(S(6));
        await reader.NextAsync("it is stale");

        _hub.Publish(new PhaseEntered(Phase.Draining));

        var next = await reader.NextAsync("the phase");
        next.Phase.ShouldBe(Phase.Draining);
        next.IsStale.ShouldBeTrue();
    }

    [Fact]
    public async Task Observer_IsSlow_SkipsToTheNewestAndHoldsUpNobody()
    {
        using var release = new ManualResetEventSlim();
        var slow = new ConcurrentQueue<long>();
        using var subscription = _health.Changes.Subscribe(
            snapshot =>
            {
                slow.Enqueue(snapshot.Revision);
                if (slow.Count == 2)
                {
                    release.Wait(Eventually.Deadline, TestContext.Current.CancellationToken);
                }
            },
            _ => { });
        await using var quick = HealthReader.Start(_health, observes: true);
        await quick.NextAsync("the first");

        for (var i = 0; i < 5; i++)
        {
            _hub.Publish(i % 2 == 0 ? Bound() : BindFailed());
            (await quick.NextAsync($"change {i}")).Revision.ShouldBe(_health.Current.Revision);
            await Eventually.HoldsAsync("the slow one is at its second", () => slow.Count == 2);
        }

        var newest = _health.Current.Revision;
        release.Set();
        await Eventually.HoldsAsync("the slow one gets another", () => slow.Count == 3);
        slow.Last().ShouldBe(newest, "those between were skipped");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Observer_Throws_LosesItsSubscriptionAloneAndIsReported(int atItsTurn)
    {
        var bad = 0;
        using var subscription = _health.Changes.Subscribe(
            _ =>
            {
                if (++bad == atItsTurn)
                {
                    throw new InvalidOperationException("boom");
                }
            },
            _ => { });
        await using var good = HealthReader.Start(_health, observes: true);
        await good.NextAsync("the first");

        _hub.Publish(Bound());
        var reported = await Eventually.BecomesAsync(
            "it is reported", () => Published().OfType<Crashed>().FirstOrDefault(), crashed => crashed is not null);
        reported.ShouldBe(
            new Crashed(new Component(ComponentKind.Observer, "observer of health"), nameof(InvalidOperationException), "boom", 1, null));
        var logged = await Eventually.BecomesAsync("it is logged", () => _log.Entries, entries => entries.Count > 0);
        logged.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            entry => entry.Level.ShouldBe(LogLevel.Error),
            entry => entry.Exception.ShouldBeOfType<InvalidOperationException>().StackTrace.ShouldNotBeNull());
        HealthSnapshot next;
        do
        {
            next = await good.NextAsync("the other is served");
        }
        while (next.Revision != _health.Current.Revision);

        bad.ShouldBe(atItsTurn);
        _hub.FoldFaults.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_TheProjectionEnds_GetsTheLastSnapshotAndThenTheEnd(bool observes)
    {
        await using var reader = HealthReader.Start(_health, observes);
        await reader.NextAsync("the first");

        _hub.Publish(new PhaseEntered(Phase.Stopped));
        _health.Dispose();

        (await reader.NextAsync("the last")).Phase.ShouldBe(Phase.Stopped);
        await reader.EndAsync("the end");

        await using var late = HealthReader.Start(_health, observes);
        (await late.NextAsync("the first and last")).Phase.ShouldBe(Phase.Stopped);
        await late.EndAsync("the end");
    }

    [Fact]
    public async Task ReadChanges_Cancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        await using var changes = _health.ReadChangesAsync(cancelled.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await changes.MoveNextAsync()).ShouldBeTrue();
        var next = changes.MoveNextAsync().AsTask();
        next.IsCompleted.ShouldBeFalse();

        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the next", next));
    }

    [Fact]
    public async Task ReadChangesUntil_TheEnd_LooksOnceMoreAndCompletes()
    {
        using var end = new CancellationTokenSource();
        var phases = new List<Phase>();
        await foreach (var snapshot in _health.ReadChangesUntilAsync(end.Token))
        {
            // While this runs nothing is read: one look must find both.
            phases.Add(snapshot.Phase);
            _hub.Publish(new PhaseEntered(Phase.Ready));
            _hub.Publish(new PhaseEntered(Phase.Draining));
            await end.CancelAsync();
        }

        phases.ShouldBe([Phase.Starting, Phase.Draining]);
    }

    [Fact]
    public async Task ReadChangesUntil_AnEndThatIsOver_GivesTheCurrentSnapshotAlone()
    {
        var read = await _health.ReadChangesUntilAsync(new CancellationToken(canceled: true))
            .ToListAsync(TestContext.Current.CancellationToken);

        read.ShouldHaveSingleItem().ShouldBeSameAs(_health.Current);
    }

    [Fact]
    public async Task Readers_ComeAndGoWhileItChanges_SeeRevisionsGrowAndTheLastOneAtTheEnd()
    {
        using var over = new CancellationTokenSource();
        await using var witness = HealthReader.Start(_health, observes: true);
        var changes = Task.Run(() =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                _hub.Publish(i % 2 == 0 ? Bound() : BindFailed());
            }
        });

        var visitors = Enumerable.Range(0, 4).Select(visitor => Task.Run(() => VisitAsync(observes: visitor % 2 == 0))).ToArray();
        await Eventually.CompletesAsync("the visitors leave", Task.WhenAll(visitors));
        await over.CancelAsync();
        await Eventually.CompletesAsync("the changes", changes);

        var last = await witness.NextAsync("the first");
        while (last.Revision != _health.Current.Revision)
        {
            var next = await witness.NextAsync("the last revision");
            next.Revision.ShouldBeGreaterThan(last.Revision);
            last = next;
        }
    }

    /// <summary>Time passes on one thread and ticks come on another, so that deadlines, ticks and looks meet in every order.</summary>
    [Fact]
    public async Task Reader_TicksComeJustWhenTheyAreMissed_IsNeverLeftWithTheWrongAnswer()
    {
        BecomeReady();
        _health.StopTicks();
        await using var reader = HealthReader.Start(_health, observes: false);
        var last = await reader.NextAsync("the first");
        for (var round = 0; round < 100; round++)
        {
            var ticks = Task.Run(_hub.Tick);
            _clock.AdvanceBy(S(5) + Instant);
            await Eventually.CompletesAsync("the tick", ticks);
            var isStale = _health.Current.IsStale;
            while (last.IsStale != isStale || reader.Unread > 0)
            {
                last = await reader.NextAsync($"the right answer in round {round}");
            }
        }
    }

    private async Task VisitAsync(bool observes)
    {
        for (var visit = 0; visit < 50; visit++)
        {
            await using var reader = HealthReader.Start(_health, observes);
            var first = await reader.NextAsync("the first");
            if (visit % 2 == 0)
            {
                (await reader.NextAsync("another")).Revision.ShouldBeGreaterThan(first.Revision);
            }
        }
    }

    private IEnumerable<BrokerEvent> Published()
    {
        for (var sequence = 1L; sequence <= _hub.Log.Newest; sequence++)
        {
            _hub.Log.TryGet(sequence, out var envelope).ShouldBeTrue();
            yield return envelope.Event;
        }
    }

    private void BecomeReady()
    {
        _hub.Publish(new ListenerConfigured(Endpoint));
        _hub.Publish(Bound());
        _hub.Publish(Heartbeat());
        _hub.Publish(Probed());
        _hub.Publish(CanarySucceeded());
        _hub.Publish(Certificate(CertificateRole.Server, _hub.StartedAt + TimeSpan.FromDays(365)));
        _hub.Publish(new PhaseEntered(Phase.Ready));
    }
}
