using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Support;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Cassini.Tests.Health;

/// <summary>The one stream of readings, for observers and for loops.</summary>
public sealed class HealthChangesTests : IDisposable
{
    private readonly HealthChangesRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_Begins_GetsTheCurrentSnapshotAndThenEachVisibleDifference(bool observes)
    {
        _rig.Hub.Publish(Bound());
        await using var reader = HealthReader.Start(_rig.Health, observes);
        (await reader.NextAsync("the current one")).ShouldBeSameAs(_rig.Health.Current);

        _rig.Hub.Publish(new TopicCreated("no visible difference"));
        _rig.Hub.Publish(BindFailed());

        var next = await reader.NextAsync("the difference");
        next.Revision.ShouldBe(_rig.Health.Current.Revision);
        next.Endpoints.Single().State.ShouldBe(EndpointState.Failed);
        reader.Unread.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_TheProjectionEnds_GetsTheLastSnapshotAndThenTheEnd(bool observes)
    {
        await using var reader = HealthReader.Start(_rig.Health, observes);
        await reader.NextAsync("the first");

        _rig.Hub.Publish(new PhaseEntered(Phase.Stopped));
        _rig.Health.Dispose();

        (await reader.NextAsync("the last")).Phase.ShouldBe(Phase.Stopped);
        await reader.EndAsync("the end");

        await using var late = HealthReader.Start(_rig.Health, observes);
        (await late.NextAsync("the first and last")).Phase.ShouldBe(Phase.Stopped);
        await late.EndAsync("the end");
    }

    /// <summary>The end of the events is a shutdown, which may last longer than a projection without ticks looks alive.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_TheEventsEnd_GetsTheLastSnapshotAndThenTheEndAndIsNotStale(bool observes)
    {
        await using var reader = HealthReader.Start(_rig.Health, observes);
        await reader.NextAsync("the first");

        _rig.Hub.Publish(new PhaseEntered(Phase.Stopped));
        await _rig.Hub.CompleteAsync();

        var last = await reader.NextAsync("the last");
        last.Phase.ShouldBe(Phase.Stopped);
        last.IsStale.ShouldBeFalse();
        await reader.EndAsync("the end");
        _rig.Clock.AdvanceTo(S(31));
        _rig.Health.Current.IsStale.ShouldBeTrue("a late probe still fails closed");
    }

    [Fact]
    public void Observer_Subscribes_GetsTheCurrentSnapshotWithinTheCall()
    {
        HealthSnapshot? first = null;
        using var subscription = _rig.Health.Changes.Subscribe(snapshot => first ??= snapshot, _ => { });

        first.ShouldBeSameAs(_rig.Health.Current);
    }

    [Fact]
    public async Task Observer_IsSlow_SkipsToTheNewestAndDelaysNoOther()
    {
        using var release = new ManualResetEventSlim();
        var slow = new ConcurrentQueue<long>();
        using var subscription = _rig.Health.Changes.Subscribe(
            snapshot =>
            {
                slow.Enqueue(snapshot.Revision);
                if (slow.Count == 2)
                {
                    release.Wait(Eventually.Deadline, TestContext.Current.CancellationToken);
                }
            },
            _ => { });
        await using var quick = HealthReader.Start(_rig.Health, observes: true);
        await quick.NextAsync("the first");

        for (var i = 0; i < 5; i++)
        {
            _rig.Hub.Publish(i % 2 == 0 ? Bound() : BindFailed());
            (await quick.NextAsync($"change {i}")).Revision.ShouldBe(_rig.Health.Current.Revision);
            await Eventually.HoldsAsync("the slow one is at its second", () => slow.Count == 2);
        }

        var newest = _rig.Health.Current.Revision;
        release.Set();
        await Eventually.HoldsAsync("the slow one gets another", () => slow.Count == 3);
        slow.Last().ShouldBe(newest, "those between were skipped");
    }

    /// <summary>A cancellation of the observer's own work is a failure like any other.</summary>
    [Theory]
    [InlineData(1, typeof(InvalidOperationException))]
    [InlineData(2, typeof(InvalidOperationException))]
    [InlineData(1, typeof(TaskCanceledException))]
    [InlineData(2, typeof(TaskCanceledException))]
    public async Task Observer_Throws_LosesItsSubscriptionAloneAndIsReported(int atItsTurn, Type kind)
    {
        var failure = (Exception)Activator.CreateInstance(kind, "boom")!;
        var bad = 0;
        using var subscription = _rig.Health.Changes.Subscribe(
            _ =>
            {
                if (++bad == atItsTurn)
                {
                    throw failure;
                }
            },
            _ => { });
        await using var good = HealthReader.Start(_rig.Health, observes: true);
        await good.NextAsync("the first");

        _rig.Hub.Publish(Bound());
        var reported = await Eventually.BecomesAsync(
            "it is reported", () => _rig.Published().OfType<Crashed>().FirstOrDefault(), crashed => crashed is not null);
        reported.ShouldBe(
            new Crashed(new Component(ComponentKind.Observer, "observer of health"), kind.Name, "boom", 1, null));
        var logged = await Eventually.BecomesAsync("it is logged", () => _rig.Log.Entries, entries => entries.Count > 0);
        logged.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            entry => entry.Level.ShouldBe(LogLevel.Error),
            entry => entry.Exception.ShouldBe(failure),
            entry => failure.StackTrace.ShouldNotBeNull());
        HealthSnapshot next;
        do
        {
            next = await good.NextAsync("the other is served");
        }
        while (next.Revision != _rig.Health.Current.Revision);

        bad.ShouldBe(atItsTurn);
        _rig.Hub.FoldFaults.ShouldBe(0);
    }

    [Fact]
    public async Task Observer_ThrowsAtTheEnd_IsReported()
    {
        var failure = new TaskCanceledException("boom");
        using var subscription = _rig.Health.Changes.Subscribe(_ => { }, _ => { }, () => throw failure);

        _rig.Health.Dispose();

        var logged = await Eventually.BecomesAsync("it is logged", () => _rig.Log.Entries, entries => entries.Count > 0);
        logged.ShouldHaveSingleItem().Exception.ShouldBe(failure);
        _rig.Published().OfType<Crashed>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Readers_ComeAndGoWhileItChanges_SeeRevisionsGrowAndTheLastOneAtTheEnd()
    {
        using var over = new CancellationTokenSource();
        await using var witness = HealthReader.Start(_rig.Health, observes: true);
        var changes = Task.Run(() =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                _rig.Hub.Publish(i % 2 == 0 ? Bound() : BindFailed());
            }
        });

        var visitors = Enumerable.Range(0, 4).Select(visitor => Task.Run(() => VisitAsync(observes: visitor % 2 == 0))).ToArray();
        await Eventually.CompletesAsync("the visitors leave", Task.WhenAll(visitors));
        await over.CancelAsync();
        await Eventually.CompletesAsync("the changes", changes);

        var last = await witness.NextAsync("the first");
        while (last.Revision != _rig.Health.Current.Revision)
        {
            var next = await witness.NextAsync("the last revision");
            next.Revision.ShouldBeGreaterThan(last.Revision);
            last = next;
        }
    }

    private async Task VisitAsync(bool observes)
    {
        for (var visit = 0; visit < 50; visit++)
        {
            await using var reader = HealthReader.Start(_rig.Health, observes);
            var first = await reader.NextAsync("the first");
            if (visit % 2 == 0)
            {
                (await reader.NextAsync("another")).Revision.ShouldBeGreaterThan(first.Revision);
            }
        }
    }
}
