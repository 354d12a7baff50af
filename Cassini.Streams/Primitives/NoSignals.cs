using Microsoft.Extensions.Hosting;

namespace Cassini.Streams.Primitives;

/// <summary>Keeps a web application inside the process from handling signals, because the process handles them elsewhere.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
