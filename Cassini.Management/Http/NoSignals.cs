namespace Cassini.Management.Http;

/// <summary>Keeps the web framework from handling signals, because the process handles them elsewhere.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
