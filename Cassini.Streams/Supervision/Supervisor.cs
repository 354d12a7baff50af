using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Supervision;

/// <summary>
/// Runs components, turns their exceptions into <see cref="Crashed"/> events, and starts them again with a growing delay until the
/// policy's limit is reached. An exception after cancellation was requested is not a crash. Thread-safe.
/// </summary>
/// <param name="policy">When what crashed is started again.</param>
/// <param name="events">Where it publishes that a component crashed, is started again, or is given up.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs crashes.</param>
internal sealed class Supervisor(RestartPolicy policy, IEventPublisher events, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// Runs <paramref name="body"/> until it returns, <paramref name="stopping"/> is cancelled or it crashed too often.
    /// The task never fails.
    /// </summary>
    /// <param name="component">The component's identity in all events.</param>
    /// <param name="body">One run. Started on the thread pool; its token is cancelled with <paramref name="stopping"/>.</param>
    /// <param name="stopping">Ends the component for good.</param>
    public Task RunAsync(Component component, Func<CancellationToken, Task> body, CancellationToken stopping) =>
        Start(component, body, stopping).Completion;

    /// <summary>Like <see cref="RunAsync"/>, with a handle by which a watchdog can fail the run from outside.</summary>
    public SupervisedComponent Start(Component component, Func<CancellationToken, Task> body, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(body);
        var supervised = new SupervisedComponent(component, policy, body, events, time, logger);
        supervised.Start(stopping);
        return supervised;
    }

    /// <summary>Runs <paramref name="body"/> once: a crash is published, and nothing is started again.</summary>
    /// <returns>The exception of the crash; null when it ended without one.</returns>
    public async Task<Exception?> RunOnceAsync(Component component, Func<Task> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        try
        {
            await body();
            return null;
        }
        catch (Exception crash)
        {
            // Published before it is logged: a log that blocks must not keep a crash from health.
            events.Publish(Crashed.Of(component, crash, attempt: 1, restartIn: null));
            SupervisionLog.Crashed(logger, component, crash);
            return crash;
        }
    }

    /// <summary>A supervisor with the same policy, clock and log that publishes to <paramref name="other"/>.</summary>
    internal Supervisor PublishingTo(IEventPublisher other) => new(policy, other, time, logger);
}
