using System.Net;
using System.Reactive.Disposables;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Hosting;

/// <summary>The stop of a host whose start hangs, or whose parts fail.</summary>
public sealed class ServiceHostStopTests : IDisposable
{
    private const int StartLeft = 1904;
    private const int StopFailed = 1906;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private readonly TestAuthority _authority = new();
    private readonly TempDirectory _directory = new();
    private readonly RecordingLoggers _loggers = new();
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
        _loggers.Dispose();
    }

    [Fact]
    public async Task Stop_ForcedDuringTheStart_WaitsForItsEnd()
    {
        var loaded = new TaskCompletionSource();
        var protocol = new ScriptedProtocol { Loaded = loaded.Task };
        await using var host = Host(protocol, _time);
        using var releasedAtTheEnd = Disposable.Create(() => loaded.TrySetResult());
        var start = host.StartAsync(Token);
        await Eventually.CompletesAsync("the start", protocol.Loading);

        var stop = host.StopAsync(new CancellationToken(canceled: true));
        await _time.TimerArmedAsync(LongestWait);
        HostEvents.Of<PhaseLeft>(host.Hub).ShouldBeEmpty("the stop waits for the start");
        loaded.SetResult();

        await Should.ThrowAsync<OperationCanceledException>(start);
        await Eventually.CompletesAsync("the stop", stop);
        protocol.HasStartedServices.ShouldBeFalse();
        HostEvents.Phases(host.Hub).ShouldBe([Phase.Starting, Phase.Draining, Phase.Stopped]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_StartHangs_ContinuesWithoutItAndItStartsNothing(bool isForced)
    {
        var loaded = new TaskCompletionSource();
        var protocol = new ScriptedProtocol { Loaded = loaded.Task };
        await using var host = Host(protocol, _time);
        using var releasedAtTheEnd = Disposable.Create(() => loaded.TrySetResult());
        var start = host.StartAsync(Token);
        await Eventually.CompletesAsync("the start", protocol.Loading);

        var stop = host.StopAsync(new CancellationToken(isForced));
        await _time.TimerArmedAsync(LongestWait);
        _time.Advance(LongestWait);
        await Eventually.CompletesAsync("the stop", stop);
        _loggers.Lines.ShouldContain(line => line.Id == StartLeft);
        loaded.SetResult();

        await Should.ThrowAsync<OperationCanceledException>(start);
        protocol.HasStartedServices.ShouldBeFalse();
        HostEvents.Phases(host.Hub).ShouldBe([Phase.Starting, Phase.Draining, Phase.Stopped]);
    }

    [Fact]
    public async Task Dispose_StopFails_EndsTheRestAndDoesNotThrow()
    {
        var failure = new InvalidOperationException("boom");
        var protocol = new ScriptedProtocol { RestNow = () => throw failure };
        var host = Host(protocol, TimeProvider.System);
        var completed = new TaskCompletionSource();
        using var observer = host.Hub.Observe("test").Subscribe(_ => { }, completed.SetResult);
        await host.StartAsync(Token);
        (await Should.ThrowAsync<InvalidOperationException>(host.StopAsync(Token))).ShouldBe(failure);

        await host.DisposeAsync();
        await host.DisposeAsync();

        await Eventually.CompletesAsync("observers complete", completed.Task);
        protocol.IsCompleted.ShouldBeTrue();
        _loggers.Lines.Single(line => line.Id == StopFailed).Exception.ShouldBe(failure);
        HostEvents.Phases(host.Hub).ShouldBe([Phase.Starting, Phase.Ready, Phase.Draining, Phase.Stopped]);
        HostEvents.Of<PhaseLeft>(host.Hub).Last().Outcome.ShouldBe(PhaseOutcome.Forced);
    }

    // As while the store waits for a disk that stands still: a long drain is no fault of the manager.
    [Fact]
    public async Task Stop_AServiceTakesLongToEnd_HasHeartbeatsUntilThen()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var protocol = new ScriptedProtocol
        {
            Service = async stop =>
            {
                await using var registration = stop.Register(asked.SetResult);
                await end.Task;
            },
        };
        await using var host = Host(protocol, TimeProvider.System);
        await host.StartAsync(Token);

        var stop = host.StopAsync(Token);
        await Eventually.CompletesAsync("it is to end", asked.Task);
        var before = HostEvents.Of<HeartbeatReceived>(host.Hub).Count();
        await Eventually.HoldsAsync("two more heartbeats", () => HostEvents.Of<HeartbeatReceived>(host.Hub).Count() >= before + 2);

        end.SetResult();
        await Eventually.CompletesAsync("the stop", stop);
    }

    [Fact]
    public async Task Stop_WasReady_LeavesStartingCompleted()
    {
        await using var host = Host(new ScriptedProtocol(), TimeProvider.System);
        await host.StartAsync(Token);

        await host.StopAsync(Token);

        HostEvents.Of<PhaseLeft>(host.Hub).Select(left => (left.Phase, left.Outcome)).ShouldBe(
            [(Phase.Starting, PhaseOutcome.Completed), (Phase.Ready, PhaseOutcome.Completed), (Phase.Draining, PhaseOutcome.Completed)]);
    }

    [Fact]
    public async Task Stop_WasNeverReady_LeavesStartingForced()
    {
        await using var host = Host(new ScriptedProtocol { Loaded = Task.FromException(new IOException("no disk")) }, TimeProvider.System);
        await Should.ThrowAsync<IOException>(host.StartAsync(Token));

        await host.StopAsync(Token);

        HostEvents.Of<PhaseLeft>(host.Hub).Select(left => (left.Phase, left.Outcome)).ShouldBe(
            [(Phase.Starting, PhaseOutcome.Forced), (Phase.Draining, PhaseOutcome.Completed)]);
    }

    private ServiceHost Host(ScriptedProtocol protocol, TimeProvider time)
    {
        var options = new CassiniOptions
        {
            Listener = new ListenerOptions { Endpoints = [new(IPAddress.Loopback, 0)] },
            Tls = _authority.Write(_directory.Path),
        };
        return new ServiceHost(options, new HealthCore(options, time, _loggers), protocol, time, _loggers);
    }
}
