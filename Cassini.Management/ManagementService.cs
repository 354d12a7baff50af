namespace Cassini.Management;

/// <summary>
/// Starts and ends the management surface with the application that hosts it: before everything starts, and after everything has stopped.
/// </summary>
internal sealed class ManagementService(ManagementSurface surface) : IHostedLifecycleService
{
    /// <exception cref="Access.AccessConfigurationException">A token file cannot be used.</exception>
    public Task StartingAsync(CancellationToken cancellationToken) => surface.LoadAsync();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken) => await surface.DisposeAsync();
}
