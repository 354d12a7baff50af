using Cassini.Management.Telemetry;
using Cassini.Streams.Hosting;

namespace Cassini.Management;

/// <summary>
/// Begins the spans of connections in an application that embeds a broker: they cost one comparison while there is no listener.
/// </summary>
internal sealed class EmbeddedTraces(BrokerHost host) : IHostedLifecycleService
{
    private IDisposable _observation = System.Reactive.Disposables.Disposable.Empty;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _observation = host.Hub.Observe("spans").Subscribe(
            new ConnectionTraces(host.Spans, host.Options.Telemetry.TraceRatio, host.Hub.StartedAt, speaksMqtt: true));
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        _observation.Dispose();
        return Task.CompletedTask;
    }
}
