using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Supervision;
using Cassini.Tests.Support;

namespace Cassini.Tests.Hosting;

public sealed class ServiceGroupTests : IDisposable
{
    private const int CancellationFailed = 1903;
    private const int ServiceLeft = 1905;
    private readonly RecordingLoggers _loggers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public async Task Start_AfterTheStop_RunsNothing()
    {
        var group = Group();
        await group.StopAsync();

        group.Start(ComponentKind.Service, "late", _ => throw new InvalidOperationException("it ran"));

        group.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task Start_DuringTheStop_IsWaitedForOrDoesNotRun()
    {
        for (var round = 0; round < 200; round++)
        {
            var group = Group();
            var running = 0;
            using var together = new Barrier(2);
            var starting = Task.Run(
                () =>
                {
                    together.SignalAndWait(Token);
                    for (var i = 0; i < 8; i++)
                    {
                        group.Start(ComponentKind.Service, $"{i}", async stop =>
                        {
                            Interlocked.Increment(ref running);
                            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop)
                                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                            Interlocked.Decrement(ref running);
                        });
                    }
                },
                Token);
            together.SignalAndWait(Token);
            await Eventually.CompletesAsync("the stop", group.StopAsync());

            await starting;
            Volatile.Read(ref running).ShouldBe(0);
        }
    }

    [Fact]
    public async Task Stop_ServiceHangs_IsLoggedByItsName()
    {
        var group = Group();
        var hangs = new TaskCompletionSource();
        group.Start(ComponentKind.Service, "hangs", _ => hangs.Task);

        await group.StopAsync(TimeSpan.Zero, Token);

        var line = _loggers.Lines.ShouldHaveSingleItem();
        line.Id.ShouldBe(ServiceLeft);
        line.Text.ShouldContain("hangs did not end");
        hangs.SetResult();
    }

    [Fact]
    public async Task Stop_CallbackFails_IsLoggedAndTheServicesAreWaitedFor()
    {
        var group = Group();
        var failure = new InvalidOperationException("boom");
        var registered = new TaskCompletionSource();
        var hasEnded = false;
        group.Start(ComponentKind.Service, "registers", async stop =>
        {
            await using var callback = stop.Register(() => throw failure);
            registered.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            hasEnded = true;
        });
        await Eventually.CompletesAsync("it runs", registered.Task);

        await Eventually.CompletesAsync("the stop", group.StopAsync());

        hasEnded.ShouldBeTrue();
        await Eventually.HoldsAsync(
            "it is logged",
            () => _loggers.Lines.Any(line => line.Id == CancellationFailed && line.Exception?.GetBaseException() == failure));
    }

    private ServiceGroup Group() => new(
        new Supervisor(new RestartPolicy(), new RecordingPublisher(), TimeProvider.System, _loggers), TimeProvider.System, _loggers);
}
