using Cassini.Streams.Events;
using Cassini.Streams.Supervision;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Supervision;

public class SupervisorTests
{
    private static readonly Component Subject = new(ComponentKind.AcceptLoop, "127.0.0.1:1");
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingPublisher _events = new();
    private readonly Supervisor _supervisor;

    public SupervisorTests() => _supervisor = new Supervisor(RestartPolicy.Default, _events, _time, NullLogger.Instance);

    [Fact]
    public async Task Body_Returns_EndsWithoutEvents()
    {
        await _supervisor.RunAsync(Subject, _ => Task.CompletedTask, CancellationToken.None).Within("the component's end");

        _events.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task Body_Crashes_IsRestartedAfterTheGrowingDelay()
    {
        var runs = 0;
        var running = _supervisor.RunAsync(
            Subject,
            _ => ++runs <= 3 ? throw new InvalidOperationException($"run {runs}") : Task.CompletedTask,
            CancellationToken.None);

        foreach (var delay in new[] { 100, 200, 400 }.Select(ms => TimeSpan.FromMilliseconds(ms)))
        {
            await _time.TimerArmedAsync(delay);
            _time.Advance(delay - TimeSpan.FromTicks(1));
            _events.Of<Restarted>().Count.ShouldBe(runs - 1);
            _time.Advance(TimeSpan.FromTicks(1));
        }

        await running.Within("the component's end");
        _events.Events.ShouldBe(
        [
            new Crashed(Subject, nameof(InvalidOperationException), "run 1", 1, TimeSpan.FromMilliseconds(100)),
            new Restarted(Subject, 1),
            new Crashed(Subject, nameof(InvalidOperationException), "run 2", 2, TimeSpan.FromMilliseconds(200)),
            new Restarted(Subject, 2),
            new Crashed(Subject, nameof(InvalidOperationException), "run 3", 3, TimeSpan.FromMilliseconds(400)),
            new Restarted(Subject, 3),
        ]);
    }

    [Fact]
    public async Task Body_CrashesToTheLimitWithinTheWindow_GivesUp()
    {
        var policy = RestartPolicy.Default with { MaxCrashes = 3 };
        var supervised = new Supervisor(policy, _events, _time, NullLogger.Instance)
            .Start(Subject, _ => throw new InvalidOperationException("no"), CancellationToken.None);

        await _time.TimerArmedAsync(TimeSpan.FromMilliseconds(100));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await _time.TimerArmedAsync(TimeSpan.FromMilliseconds(200));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await supervised.Completion.Within("the component's end");

        supervised.GaveUp.ShouldBeTrue();
        _events.Events.TakeLast(2).ShouldBe(
        [
            new Crashed(Subject, nameof(InvalidOperationException), "no", 3, null),
            new GaveUp(Subject, 3, policy.Window),
        ]);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 2)]
    public async Task Body_RanForTheWindow_StartsOver(long ticksBeyondTheWindow, int expectedAttempt)
    {
        var policy = RestartPolicy.Default;
        var crash = new TaskCompletionSource();
        var runs = 0;
        using var stopping = new CancellationTokenSource();
        var running = _supervisor.RunAsync(
            Subject,
            _ => ++runs == 1 ? throw new InvalidOperationException("first") : crash.Task,
            stopping.Token);
        await _time.TimerArmedAsync(policy.InitialDelay);
        _time.Advance(policy.InitialDelay);
        await _events.WaitForAsync<Restarted>("the first restart");

        _time.Advance(policy.Window - policy.InitialDelay + TimeSpan.FromTicks(ticksBeyondTheWindow));
        crash.SetException(new InvalidOperationException("second"));

        (await _events.WaitForAsync<Crashed>("the second crash", c => c.Message == "second")).Attempt.ShouldBe(expectedAttempt);
        await stopping.CancelAsync();
        await running.Within("the component's end");
    }

    [Fact]
    public async Task Stop_WhileTheBodyRuns_IsNoCrash()
    {
        using var stopping = new CancellationTokenSource();
        var entered = new TaskCompletionSource();
        var running = _supervisor.RunAsync(
            Subject,
            async token =>
            {
                entered.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, _time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw new InvalidOperationException("thrown because of the stop");
            },
            stopping.Token);
        await entered.Task.Within("the body's start");

        await stopping.CancelAsync();
        await running.Within("the component's end");

        _events.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task Stop_WhileWaitingForTheRestart_EndsAtOnce()
    {
        using var stopping = new CancellationTokenSource();
        var running = _supervisor.RunAsync(Subject, _ => throw new InvalidOperationException(), stopping.Token);
        await _time.TimerArmedAsync(RestartPolicy.Default.InitialDelay);

        await stopping.CancelAsync();
        await running.Within("the component's end");

        _events.Of<Restarted>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Body_CancelsItselfUnasked_IsACrash()
    {
        using var stopping = new CancellationTokenSource();
        var running = _supervisor.RunAsync(Subject, _ => throw new OperationCanceledException(), stopping.Token);

        (await _events.WaitForAsync<Crashed>("the crash")).Exception.ShouldBe(nameof(OperationCanceledException));
        await stopping.CancelAsync();
        await running.Within("the component's end");
    }

    [Fact]
    public async Task Fail_BodyObeysItsToken_CountsTheReasonAsTheCrash()
    {
        var runs = 0;
        var supervised = _supervisor.Start(
            Subject,
            token => ++runs == 1 ? Task.Delay(Timeout.InfiniteTimeSpan, _time, token) : Task.CompletedTask,
            CancellationToken.None);

        supervised.Fail(new TimeoutException("stalled")).ShouldBeTrue();
        await _time.TimerArmedAsync(RestartPolicy.Default.InitialDelay);
        supervised.Fail(new TimeoutException("too late")).ShouldBeFalse();
        _time.Advance(RestartPolicy.Default.InitialDelay);
        await supervised.Completion.Within("the component's end");

        _events.Events.ShouldBe(
        [
            new Crashed(Subject, nameof(TimeoutException), "stalled", 1, RestartPolicy.Default.InitialDelay),
            new Restarted(Subject, 1),
        ]);
    }

    [Fact]
    public async Task Fail_BodyIgnoresItsToken_IsAbandonedAfterTheGraceTime()
    {
        var stuck = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var supervised = _supervisor.Start(
            Subject,
            _ => entered.TrySetResult() ? stuck.Task : Task.CompletedTask,
            CancellationToken.None);
        await entered.Task.Within("the body's start");

        supervised.Fail(new TimeoutException("stalled")).ShouldBeTrue();
        await _time.TimerArmedAsync(RestartPolicy.Default.AbandonAfter);
        _events.Events.ShouldBeEmpty();
        _time.Advance(RestartPolicy.Default.AbandonAfter);
        await _time.TimerArmedAsync(RestartPolicy.Default.InitialDelay);
        _time.Advance(RestartPolicy.Default.InitialDelay);
        await supervised.Completion.Within("the component's end");

        _events.Events.Count.ShouldBe(2);
        stuck.SetException(new InvalidOperationException("late"));
        _events.Events.Count.ShouldBe(2);
    }

    [Fact]
    public async Task RunOnce_Crash_IsPublishedAndNotRestarted()
    {
        var connection = new Component(ComponentKind.Connection, "7");

        (await _supervisor.RunOnceAsync(connection, () => throw new InvalidOperationException("boom")))
            .ShouldBeOfType<InvalidOperationException>();
        (await _supervisor.RunOnceAsync(connection, () => Task.CompletedTask)).ShouldBeNull();

        _events.Events.ShouldBe([new Crashed(connection, nameof(InvalidOperationException), "boom", 1, null)]);
    }

    [Fact]
    public async Task Crash_WithAHugeMessage_IsPublishedShortened()
    {
        await _supervisor.RunOnceAsync(Subject, () => throw new InvalidOperationException(new string('x', 100_000)));

        _events.Of<Crashed>().Single().Message.Length.ShouldBeLessThan(1000);
    }

    [Fact]
    public void DelayAfter_ManyCrashes_StopsAtTheMaximum() =>
        RestartPolicy.Default.DelayAfter(5000).ShouldBe(RestartPolicy.Default.MaxDelay);
}
