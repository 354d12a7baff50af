using Cassini.Management;
using Cassini.Management.Access;
using Cassini.Management.GrpcHealth;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using static Grpc.Health.V1.HealthCheckResponse.Types;
using HealthClient = Grpc.Health.V1.Health.HealthClient;

namespace Cassini.Tests.GrpcHealth;

/// <summary>A whole broker with its gRPC port, and a client of it.</summary>
internal sealed class GrpcRig : IAsyncDisposable
{
    private readonly WebApplication _app;
    private GrpcChannel _channel = null!;

    private GrpcRig(RunningBroker broker, ManagementOptions options)
    {
        Broker = broker;
        _app = GrpcHealthApp.Create(broker.Host.Health, options, NullLoggerFactory.Instance, TimeProvider.System, Refusals)!;
    }

    public RunningBroker Broker { get; }

    /// <summary>Rehearses real failures.</summary>
    public IRehearsals Listeners => Broker.Host.Rehearsals;

    /// <summary>The callers that were turned away.</summary>
    public Refusals Refusals { get; } = new();

    public HealthClient Client { get; private set; } = null!;

    public Uri Address => ManagementApp.AddressOf(_app);

    public static async Task<GrpcRig> ReadyAsync(Func<CassiniOptions, CassiniOptions>? change = null, ManagementOptions? management = null)
    {
        management ??= new ManagementOptions();
        var rig = new GrpcRig(
            await RunningBroker.ReadyAsync(change), management with { GrpcAddress = management.GrpcAddress ?? "127.0.0.1:0" });
        await rig._app.StartAsync(TestContext.Current.CancellationToken);
        rig._channel = GrpcChannel.ForAddress($"http://127.0.0.1:{rig.Address.Port}");
        rig.Client = new HealthClient(rig._channel);
        return rig;
    }

    public async Task<ServingStatus> CheckAsync(string service) =>
        (await Client.CheckAsync(new HealthCheckRequest { Service = service })).Status;

    public async Task<StatusCode> RefusalAsync(string service) =>
        (await Should.ThrowAsync<RpcException>(() => CheckAsync(service))).StatusCode;

    /// <summary>Waits until Check says so.</summary>
    public Task BecomesAsync(string service, ServingStatus status) =>
        Eventually.BecomesAsync($"{service} is {status}", async () => await CheckAsync(service), now => now == status);

    public AsyncServerStreamingCall<HealthCheckResponse> Watch(string service) =>
        Client.Watch(new HealthCheckRequest { Service = service });

    public static async Task<ServingStatus> NextAsync(string step, AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        (await Eventually.CompletesAsync(step, watch.ResponseStream.MoveNext(CancellationToken.None))).ShouldBeTrue(step);
        return watch.ResponseStream.Current.Status;
    }

    /// <summary>The refusal that ends a call.</summary>
    public static async Task<Status> EndAsync(string step, AsyncServerStreamingCall<HealthCheckResponse> watch) =>
        (await Should.ThrowAsync<RpcException>(
            Eventually.CompletesAsync(step, watch.ResponseStream.MoveNext(CancellationToken.None)))).Status;

    public Task StopAsync() => Eventually.CompletesAsync("the gRPC port stops", _app.StopAsync(CancellationToken.None));

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await StopAsync();
        await _app.DisposeAsync();
        await Broker.DisposeAsync();
    }
}
