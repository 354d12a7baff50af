using Cassini.Management.Logging;
using Cassini.Streams.Hosting;

namespace Cassini.Management;

/// <summary>
/// Writes the events of the broker to the log of the application that embeds it, and makes the spans of connections: these cost one
/// comparison while there is no listener.
/// </summary>
internal sealed class EmbeddedLog(BrokerHost host, ILoggerFactory loggers) : IHostedLifecycleService
{
    /// <summary>Before the broker starts, so that no event is missed. The broker's own end completes it.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        EventLogger.Attach(host, loggers);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
