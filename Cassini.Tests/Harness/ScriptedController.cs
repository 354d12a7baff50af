using System.Net;
using Cassini.Harness.Clients;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Cassini.Tests.Harness;

/// <summary>A controller that sends what the test says to each worker that joins, and then waits for the end of the call.</summary>
internal sealed class ScriptedController : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedController(WebApplication app) => _app = app;

    public HostPort Address => new("127.0.0.1", new Uri(_app.Urls.First()).Port);

    public static async Task<ScriptedController> ListenAsync(TlsIdentity identity, params ControllerMessage[] messages)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new Service(messages));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(identity.AsServer()) });
            }));
        var app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ScriptedController(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class Service(ControllerMessage[] script) : WorkerService
    {
        public override async Task Join(
            IAsyncStreamReader<WorkerMessage> messages, IServerStreamWriter<ControllerMessage> answers, ServerCallContext call)
        {
            foreach (var message in script)
            {
                await answers.WriteAsync(message);
            }

            while (await messages.MoveNext(call.CancellationToken))
            {
            }
        }
    }
}
