using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Supervision;

/// <summary>The handle of a supervised component. Thread-safe.</summary>
internal sealed class SupervisedComponent
{
    private readonly Component _component;
    private readonly RestartPolicy _policy;
    private readonly Func<CancellationToken, Task> _body;
    private readonly IEventPublisher _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CrashWindow _crashes;
    private volatile SupervisedRun? _run;

    internal SupervisedComponent(
        Component component,
        RestartPolicy policy,
        Func<CancellationToken, Task> body,
        IEventPublisher events,
        TimeProvider time,
        ILogger logger)
    {
        _component = component;
        _policy = policy;
        _body = body;
        _events = events;
        _time = time;
        _logger = logger;
        _crashes = new CrashWindow(policy.Window, time);
    }

    /// <summary>
    /// Completes when the component has ended and is not started again: it returned, was stopped, or crashed too often. Never fails.
    /// </summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Whether the supervisor gave up.</summary>
    public bool GaveUp { get; private set; }

    /// <summary>
    /// Fails the current run: its token is cancelled, <paramref name="reason"/> counts as its crash, and if it does not end within
    /// <see cref="RestartPolicy.AbandonAfter"/> it is abandoned.
    /// </summary>
    /// <returns>False when there is no current run, or it was already failed.</returns>
    public bool Fail(Exception reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return _run?.TryFail(reason) ?? false;
    }

    internal void Start(CancellationToken stopping) => Completion = SuperviseAsync(stopping);

    private async Task SuperviseAsync(CancellationToken stopping)
    {
        for (var attempt = 0; !stopping.IsCancellationRequested;)
        {
            var run = new SupervisedRun(_component, _time, _logger);
            _run = run;
            if (attempt > 0)
            {
                _events.Publish(new Restarted(_component, attempt));
            }

            var crash = await run.RunAsync(_body, _policy.AbandonAfter, stopping);
            _run = null;
            if (crash is null)
            {
                return;
            }

            attempt = _crashes.Record();
            if (!await WaitForRestartAsync(crash, attempt, stopping))
            {
                return;
            }
        }
    }

    private async Task<bool> WaitForRestartAsync(Exception crash, int attempt, CancellationToken stopping)
    {
        if (attempt >= _policy.MaxCrashes)
        {
            GaveUp = true;
            _events.Publish(Crashed.Of(_component, crash, attempt, restartIn: null));
            _events.Publish(new GaveUp(_component, attempt, _policy.Window));
            SupervisionLog.Crashed(_logger, _component, crash);
            return false;
        }

        var delay = _policy.DelayAfter(attempt);
        _events.Publish(Crashed.Of(_component, crash, attempt, delay));
        SupervisionLog.Crashed(_logger, _component, crash);
        await Task.Delay(delay, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stopping.IsCancellationRequested;
    }
}
