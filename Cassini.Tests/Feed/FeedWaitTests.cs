using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Tests.Feed;

/// <summary>Waiting for a health that one needs.</summary>
public sealed class FeedWaitTests : IAsyncDisposable
{
    private readonly FeedRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task WaitUntilReady_ReadyLater_EndsWithTheVeryTransition()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))), (3, FeedText.Transition(12, ready: true)));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(2.9));
        waiting.IsCompleted.ShouldBeFalse();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(3));

        (await waiting).Revision.ShouldBe(12);
    }

    [Fact]
    public async Task Waits_WithATokenAlone_LastUntilItIsCancelled()
    {
        using var feed = _rig.Feed();
        var group = new HealthFeedGroup([feed]);
        using var end = new CancellationTokenSource();
        Task[] waits =
        [
            feed.WaitUntilReadyAsync(end.Token), feed.WaitForAsync(health => health.Live, end.Token),
            group.WaitUntilReadyAsync(end.Token), group.WaitForAsync(health => health.Live, end.Token),
        ];
        _rig.Clock.AdvanceTo(TimeSpan.FromHours(1));
        waits.ShouldAllBe(wait => !wait.IsCompleted);

        await end.CancelAsync();

        foreach (var wait in waits)
        {
            await Should.ThrowAsync<OperationCanceledException>(wait);
        }
    }

    [Fact]
    public async Task WaitUntilReady_TokenAlone_EndsWithReadiness()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))), (3, FeedText.Transition(12, ready: true)));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(TestContext.Current.CancellationToken);

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(3));

        (await waiting).Revision.ShouldBe(12);
    }

    [Fact]
    public async Task WaitUntilReady_Never_ReportsTheLastStatusPhaseAndReasons()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(5));

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
        _rig.Transport.Fails(FeedLoss.Refused, "does not accept the credentials (401 Unauthorized)");
        using var feed = _rig.Feed();

        var failure = await Should.ThrowAsync<BrokerNotReadyException>(
            feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));

        failure.Cause.ShouldBe(NotReadyCause.Refused);
        failure.Message.ShouldBe("http://cassini.test:9090: does not accept the credentials (401 Unauthorized)");
    }

    [Fact]
    public async Task WaitUntilReady_TheBrokerGaveUp_FailsAtOnce()
    {
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health(ready: false))),
            (1, FeedText.Transition(12, ready: false, CheckNames.Supervision, Reasons.GaveUp)));
        using var feed = _rig.Feed();
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<BrokerNotReadyException>(waiting)).Cause.ShouldBe(NotReadyCause.GaveUp);
    }

    [Fact]
    public async Task WaitUntilReady_Cancelled_LeavesNothingBehind()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))));
        using var feed = _rig.Feed();
        using var stop = new CancellationTokenSource();
        var waiting = feed.WaitUntilReadyAsync(Timeout.InfiniteTimeSpan, stop.Token);

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public async Task WaitFor_ConditionThrows_EndsTheWait()
    {
        _rig.Transport.Silent((0, FeedText.Snapshot(FeedText.Health())));
        using var feed = _rig.Feed();

        var waiting = feed.WaitForAsync(
            _ => throw new InvalidOperationException("a bug"), Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<InvalidOperationException>(waiting)).Message.ShouldBe("a bug");
    }

    [Fact]
    public async Task Group_AllMustHoldAtOnce()
    {
        var other = new ScriptedTransport(_rig.Clock.Time);
        _rig.Transport.Silent(
            (0, FeedText.Snapshot(FeedText.Health())),
            (2, FeedText.Transition(12, ready: false)),
            (2, FeedText.Transition(13, ready: true)));
        other.Silent((0, FeedText.Snapshot(FeedText.Health(ready: false))), (3, FeedText.Transition(12, ready: true)));
        using var one = _rig.Feed();
        using var two = new HealthFeed(new Uri("http://other.test:9090/"), _rig.Options(), other, () => 0);
        var waiting = new HealthFeedGroup([one, two]).WaitUntilReadyAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(3.9));
        waiting.IsCompleted.ShouldBeFalse();

        _rig.Clock.AdvanceTo(TimeSpan.FromSeconds(4));

        (await waiting).ShouldSatisfyAllConditions(
            health => health.Ready.ShouldBeTrue(),
            health => health.Status.ShouldBe(HealthStatus.Ok),
            health => health.Nodes.Length.ShouldBe(2));
    }
}
