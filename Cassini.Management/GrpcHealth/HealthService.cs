using Cassini.Management.Access;
using Cassini.Streams.Health.Projection;
using Grpc.Core;
using Grpc.Health.V1;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Cassini.Management.GrpcHealth;

/// <summary>grpc.health.v1.Health: the probes of the management surface, for callers that use gRPC.</summary>
internal sealed class HealthService(
    HealthProjection health, TimeProvider time, HealthServices services, SharedPlaces places, Refusals refusals,
    IHostApplicationLifetime lifetime)
    : Health.HealthBase
{
    /// <summary>How long a watcher that does not read may delay the end.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(1);

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        services.Find(request.Service) is { } scope
            ? Task.FromResult(Answer(HealthServices.Judge(scope, health.Current)))
            : throw new RpcException(new Status(StatusCode.NotFound, "there is no service of this name"));

    /// <summary>The present status at once, then each change of it, until the watcher or the process ends.</summary>
    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        var caller = context.GetHttpContext().Connection.RemoteIpAddress;
        if (places.Take(caller) is { } full)
        {
            refusals.Add(RefusalKind.Watches);
            throw new RpcException(new Status(StatusCode.ResourceExhausted, full.Sentence));
        }

        try
        {
            await WatchAsync(request.Service, responseStream, context.CancellationToken);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The watcher has gone: no one receives the final status.
            return;
        }
        finally
        {
            places.GiveBack(caller);
        }

        throw new RpcException(new Status(StatusCode.Unavailable, "the process is stopping"));
    }

    private static HealthCheckResponse Answer(ServingStatus status) => new() { Status = status };

    private async Task WatchAsync(string service, IServerStreamWriter<HealthCheckResponse> watcher, CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone, lifetime.ApplicationStopping);
        var sent = ServingStatus.Unknown;
        try
        {
            // The protocol keeps the call open for an unknown service, because the service may appear later.
            var scope = services.Find(service);
            await foreach (var snapshot in health.ReadChangesAsync(end.Token))
            {
                var status = scope is null ? ServingStatus.ServiceUnknown : HealthServices.Judge(scope, snapshot);
                if (status != sent)
                {
                    await watcher.WriteAsync(Answer(status), end.Token);
                    sent = status;
                }
            }
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            // The process stops: the final status follows.
        }

        if (sent is ServingStatus.Serving)
        {
            using var overdue = new CancellationTokenSource(StopGrace, time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(gone, overdue.Token);
            try
            {
                await watcher.WriteAsync(Answer(ServingStatus.NotServing), limit.Token);
            }
            catch (OperationCanceledException) when (overdue.IsCancellationRequested)
            {
                // It learns of the end when it reads again.
            }
        }
    }
}
