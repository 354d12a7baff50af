using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Grpc.Net.Client;

namespace Cassini.Harness.Workers;

/// <summary>A worker's way to its controller.</summary>
internal static class WorkerChannel
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    public static GrpcChannel Open(HostPort controller, TlsIdentity identity) => GrpcChannel.ForAddress(
        $"https://{controller}",
        new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            MaxReceiveMessageSize = WorkerProtocol.MaxMessageBytes,
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                ConnectTimeout = ConnectTimeout,
                SslOptions = identity.AsClientOf(controller.Host),
                KeepAlivePingDelay = WorkerProtocol.PingDelay,
                KeepAlivePingTimeout = WorkerProtocol.PingTimeout,
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            },
        });
}
