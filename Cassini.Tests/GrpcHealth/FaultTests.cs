using Cassini.Management;
using Cassini.Management.Access;
using Cassini.Management.GrpcHealth;
using Cassini.Management.Http;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using static Grpc.Health.V1.HealthCheckResponse.Types;
using HealthClient = Grpc.Health.V1.Health.HealthClient;

namespace Cassini.Tests.GrpcHealth;

/// <summary>What a caller can provoke is not worth a line in the log; a fault of our own is.</summary>
public class FaultTests
{
    [Fact]
    public async Task Call_FailsByAFaultOfOurs_IsAnErrorInTheLogWithItsStack()
    {
        using var log = new RecordingLoggers();
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = GrpcHealthApp.Create(
            broker.Host.Health, new ManagementOptions { GrpcAddress = "127.0.0.1:0" }, log, new BrokenTime(), new Refusals())!;
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var channel = GrpcChannel.ForAddress(ManagementApp.AddressOf(app));
        using var watch = new HealthClient(channel).Watch(new HealthCheckRequest());
        (await GrpcRig.NextAsync("the first status", watch)).ShouldBe(ServingStatus.Serving);

        await Eventually.CompletesAsync("the application stops", app.StopAsync(CancellationToken.None));

        (await GrpcRig.EndAsync("the watch", watch)).StatusCode.ShouldBe(StatusCode.Unknown);
        log.Lines.Where(line => line.Exception?.Message == BrokenTime.Fault && line.Level == LogLevel.Error).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Call_OfAServiceThatDoesNotExist_IsNoErrorInTheLog()
    {
        using var log = new RecordingLoggers();
        await using var broker = await RunningBroker.ReadyAsync();
        await using var app = GrpcHealthApp.Create(
            broker.Host.Health, new ManagementOptions { GrpcAddress = "127.0.0.1:0" }, log, TimeProvider.System, new Refusals())!;
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var channel = GrpcChannel.ForAddress(ManagementApp.AddressOf(app));

        await Should.ThrowAsync<RpcException>(
            async () => await new HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = "nothing" }));

        await Eventually.CompletesAsync("the application stops", app.StopAsync(CancellationToken.None));
        log.Lines.ShouldAllBe(line => line.Level < LogLevel.Warning);
    }

    /// <summary>Stands for any defect: the health service asks the clock for a timer when it stops.</summary>
    private sealed class BrokenTime : TimeProvider
    {
        public const string Fault = "no timers here";

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            throw new InvalidOperationException(Fault);
    }
}
