using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>The gRPC service of a controller, as a generator would make it: gRPC finds its method by name, and wants it virtual.</summary>
[BindServiceMethod(typeof(WorkerService), nameof(Bind))]
internal abstract class WorkerService
{
    /// <summary>Serves one worker, from its hello to its end.</summary>
    /// <exception cref="RpcException">The worker is refused; the status says why.</exception>
    public abstract Task Join(
        IAsyncStreamReader<WorkerMessage> messages, IServerStreamWriter<ControllerMessage> answers, ServerCallContext call);

    /// <summary>For gRPC, which calls it without a service when it looks for methods.</summary>
    public static void Bind(ServiceBinderBase binder, WorkerService? service) =>
        binder.AddMethod(
            WorkerProtocol.Join, service is null ? null : new DuplexStreamingServerMethod<WorkerMessage, ControllerMessage>(service.Join));
}
