using Cassini.Streams.Events;
using Cassini.Streams.Supervision;

namespace Cassini.Streams.Hosting;

/// <summary>Supervised services that stop together. Used by one thread at a time.</summary>
internal sealed class ServiceGroup(Supervisor supervisor, TimeProvider time)
{
    // Not disposed: it has no timer and no parent, and a service may still read its token.
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    /// <summary>Whether nothing was ever started.</summary>
    public bool IsEmpty => _running.Count == 0;

    /// <summary>Runs a service until the group stops. After that it does nothing.</summary>
    public void Start(ComponentKind kind, string name, Func<CancellationToken, Task> body) =>
        _running.Add(supervisor.RunAsync(new Component(kind, name), body, _stop.Token));

    /// <summary>Ends when all services have ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    /// <summary>
    /// Completes when all services have ended or the patience is over, because a service may hang, for example on a file of a dead
    /// mount.
    /// </summary>
    public async Task StopAsync(TimeSpan patience, CancellationToken cancellation) =>
        await StopAsync().WaitAsync(patience, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
