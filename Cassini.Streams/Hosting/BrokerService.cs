using Microsoft.Extensions.Hosting;

namespace Cassini.Streams.Hosting;

/// <summary>Starts and stops a broker with the application that hosts it.</summary>
internal sealed class BrokerService(BrokerHost broker) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => broker.StartAsync(cancellationToken);

    /// <summary>Gracefully; the application's shutdown timeout forces it.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => broker.StopAsync(cancellationToken);
}
