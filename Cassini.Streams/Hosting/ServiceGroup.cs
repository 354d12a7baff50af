using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Supervision;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>Supervised services that stop together. Members may be called from any thread.</summary>
internal sealed class ServiceGroup(Supervisor supervisor, TimeProvider time, ILogger logger)
{
    // Not disposed: it has no timer and no parent, and a service may still read its token.
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private volatile ImmutableList<(Component Component, Task Ended)> _running = [];
    private bool _isStopped;

    /// <summary>Whether nothing was ever started.</summary>
    public bool IsEmpty => _running.IsEmpty;

    /// <summary>Runs a service until the group stops. After that it does nothing.</summary>
    public void Start(ComponentKind kind, string name, Func<CancellationToken, Task> body)
    {
        var component = new Component(kind, name);
        lock (_lock)
        {
            if (!_isStopped)
            {
                // The body runs on the thread pool.
                _running = _running.Add((component, supervisor.RunAsync(component, body, _stop.Token)));
            }
        }
    }

    /// <summary>Ends when all services have ended.</summary>
    public async Task StopAsync()
    {
        lock (_lock)
        {
            _isStopped = true;
        }

        var cancelling = _stop.CancelAsync();
        TaskObserver.Observe(cancelling, failure => HostingLog.CancellationFailed(logger, failure));
        await cancelling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_running.Select(service => service.Ended)).ConfigureAwait(false);
    }

    /// <summary>
    /// Completes when all services have ended or the patience is over, because a service may hang, for example on a file of a dead
    /// mount. Each that has not ended by then is logged.
    /// </summary>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancellation">Ends the wait at once, and without a log.</param>
    public async Task StopAsync(TimeSpan patience, CancellationToken cancellation)
    {
        await StopAsync().WaitAsync(patience, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (component, _) in _running.Where(service => !service.Ended.IsCompleted && !cancellation.IsCancellationRequested))
        {
            HostingLog.ServiceLeft(logger, component, patience);
        }
    }
}
