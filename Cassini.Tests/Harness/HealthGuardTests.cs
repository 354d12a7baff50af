using Cassini.Harness.Health;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Harness;

public class HealthGuardTests : IAsyncDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly RunStop _stop = new();
    private readonly ScriptedHealth _health = new();

    public ValueTask DisposeAsync() => _stop.DisposeAsync();

    [Theory]
    [InlineData(HealthStatus.Ok, HealthStatus.Degraded, true)]
    [InlineData(HealthStatus.Ok, HealthStatus.Ok, false)]
    [InlineData(HealthStatus.Degraded, HealthStatus.Degraded, false)]
    [InlineData(HealthStatus.Degraded, HealthStatus.Error, true)]
    [InlineData(HealthStatus.Degraded, HealthStatus.Unknown, true)]
    [InlineData(HealthStatus.Error, HealthStatus.Error, false)]
    [InlineData(HealthStatus.Error, HealthStatus.Unknown, false)]
    public void Health_WorseThanAllowed_StopsTheRun(HealthStatus allowed, HealthStatus status, bool stops)
    {
        using var guard = Guard(allowed);
        _health.Becomes(status, "backlog BacklogHigh: too much");

        _stop.Cause.ShouldBe(stops
            ? new StopCause(
                Verdict.BrokerUnhealthy,
                $"broker b is {status.ToString().ToLowerInvariant()} and the plan allows {allowed.ToString().ToLowerInvariant()}: "
                + "backlog BacklogHigh: too much")
            : null);
    }

    [Fact]
    public async Task Health_WorseThanAllowed_CancelsTheToken()
    {
        using var guard = Guard(HealthStatus.Degraded);
        var stopped = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
        _health.Becomes(HealthStatus.Error);

        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the run stops", stopped));
    }

    [Fact]
    public void Fault_Tolerated_DoesNotStopTheRunWhileItLasts()
    {
        using var guard = Guard(HealthStatus.Degraded);
        guard.Tolerate("b", TimeSpan.FromSeconds(10));
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _health.Becomes(HealthStatus.Error);
        _clock.AdvanceBy(TimeSpan.FromSeconds(8));
        _health.Becomes(HealthStatus.Ok);
        _clock.AdvanceBy(TimeSpan.FromMinutes(1));

        _stop.Cause.ShouldBeNull();
        guard.Transitions.Select(transition => (transition.At, transition.Condition.Status, transition.Tolerated)).ShouldBe(
            [(TimeSpan.FromSeconds(1), HealthStatus.Error, true), (TimeSpan.FromSeconds(9), HealthStatus.Ok, true)]);
    }

    [Fact]
    public async Task Recovered_WhatAFaultBroke_IsWaitedFor()
    {
        using var guard = Guard(HealthStatus.Degraded);
        var said = new List<string>();
        await guard.RecoveredAsync(said.Add, _stop.Token);
        guard.Tolerate("b", TimeSpan.FromSeconds(10));
        _health.Becomes(HealthStatus.Error, "supervision Crashed");
        var recovered = guard.RecoveredAsync(said.Add, _stop.Token);
        _health.Becomes(HealthStatus.Error, "supervision TooManyCrashes");
        recovered.IsCompleted.ShouldBeFalse();

        _health.Becomes(HealthStatus.Degraded);

        await Eventually.CompletesAsync("the broker recovers", recovered);
        said.ShouldBe(["waiting for b to recover"]);
        _stop.Cause.ShouldBeNull();
    }

    [Fact]
    public async Task Recovered_NotInTheTimeThatIsTolerated_StopsTheRun()
    {
        using var guard = Guard(HealthStatus.Degraded);
        guard.Tolerate("b", TimeSpan.FromSeconds(10));
        _health.Becomes(HealthStatus.Error, "supervision Crashed");
        var recovered = guard.RecoveredAsync(_ => { }, _stop.Token);

        _clock.AdvanceBy(TimeSpan.FromSeconds(10));

        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the end", recovered));
        _stop.Cause!.Verdict.ShouldBe(Verdict.BrokerUnhealthy);
    }

    [Fact]
    public void Fault_ToleratedForTooLong_StopsTheRunAtTheEndOfItsTime()
    {
        using var guard = Guard(HealthStatus.Degraded);
        guard.Tolerate("b", TimeSpan.FromSeconds(10));
        _health.Becomes(HealthStatus.Error);

        _clock.AdvanceBy(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        _stop.Cause.ShouldBeNull();
        _clock.AdvanceBy(TimeSpan.FromTicks(1));
        _stop.Cause.ShouldNotBeNull();
    }

    [Fact]
    public void Fault_TwoThatOverlap_AreToleratedUntilTheLaterEnd()
    {
        using var guard = Guard(HealthStatus.Degraded);
        guard.Tolerate("b", TimeSpan.FromSeconds(10));
        guard.Tolerate("b", TimeSpan.FromSeconds(5));
        _health.Becomes(HealthStatus.Error);

        _clock.AdvanceBy(TimeSpan.FromSeconds(9));
        _stop.Cause.ShouldBeNull();
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _stop.Cause.ShouldNotBeNull();
    }

    [Fact]
    public void Fault_OfAnotherBroker_IsNoExcuse()
    {
        using var guard = Guard(HealthStatus.Degraded);
        guard.Tolerate("other", TimeSpan.FromSeconds(10));
        _health.Becomes(HealthStatus.Error);

        _stop.Cause.ShouldNotBeNull();
    }

    [Fact]
    public void Feed_Failed_IsUnknown()
    {
        using var guard = Guard(HealthStatus.Degraded);
        _health.Fails(new IOException("gone"));

        _stop.Cause!.Message.ShouldBe("broker b is unknown and the plan allows degraded: the feed failed: gone");
    }

    private HealthGuard Guard(HealthStatus allow)
    {
        var guard = new HealthGuard(allow, _stop, _clock.Time);
        guard.Follow("b", _health);
        return guard;
    }
}
