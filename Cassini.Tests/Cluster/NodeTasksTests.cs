using Cassini.Streams.Cluster;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>What a node does in the background has an owner.</summary>
public class NodeTasksTests
{
    private readonly NodeTasks _tasks = new();

    [Fact]
    public async Task WhenIdle_SomeRun_EndsWithTheLastOfThem()
    {
        var (one, two) = (new TaskCompletionSource(), new TaskCompletionSource());
        _tasks.WhenIdle().IsCompleted.ShouldBeTrue();
        _tasks.Add(one.Task);
        _tasks.Add(two.Task);
        var idle = _tasks.WhenIdle();

        one.SetResult();
        idle.IsCompleted.ShouldBeFalse();
        two.SetCanceled(CancellationToken.None);

        await Eventually.CompletesAsync("none runs", idle);
    }

    // Between two runs of the service nobody listens.
    [Fact]
    public void Failure_ThatNobodyHeard_IsHeardByWhoListensNext()
    {
        var bug = new InvalidOperationException("a bug");
        _tasks.Fail(bug);

        _tasks.WatchFailures().Exception.ShouldNotBeNull().InnerException.ShouldBeSameAs(bug);
        _tasks.WatchFailures().IsCompleted.ShouldBeFalse("it is told once");
    }

    [Fact]
    public async Task Failure_OfOne_IsThatOfTheNodeBeforeItIsIdle()
    {
        var bug = new InvalidOperationException("a bug");
        var failed = _tasks.WatchFailures();
        var work = new TaskCompletionSource();
        _tasks.Add(work.Task);
        var idle = _tasks.WhenIdle();

        work.SetException(bug);
        await Eventually.CompletesAsync("none runs", idle);

        failed.IsFaulted.ShouldBeTrue();
        failed.Exception!.InnerException.ShouldBeSameAs(bug);
        _tasks.WatchFailures().IsCompleted.ShouldBeFalse("whoever heard of it begins anew");
    }
}
