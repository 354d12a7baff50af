using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Supervision;

/// <summary>One run of a supervised component, from its start until it ends or is abandoned.</summary>
internal sealed class SupervisedRun(Component component, TimeProvider time, ILogger logger)
{
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool TryFail(Exception reason) => _failed.TrySetResult(reason);

    /// <summary>Runs the body.</summary>
    /// <returns>The exception of the crash; null when the run ended normally or because <paramref name="stopping"/> was
    /// cancelled.</returns>
    public async Task<Exception?> RunAsync(Func<CancellationToken, Task> body, TimeSpan abandonAfter, CancellationToken stopping)
    {
        // The body starts on the thread pool, so that a body that blocks does not block its supervisor or a watchdog.
        var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var running = Task.Run(() => body(ending.Token), CancellationToken.None);
        var ended = running.ContinueWith(
            static (_, state) => ((CancellationTokenSource)state!).Dispose(),
            ending,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

        if (await Task.WhenAny(running, _failed.Task) == running)
        {
            return Judge(running, stopping);
        }

        await CancelAsync(ending);
        await ended.WaitAsync(abandonAfter, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (running.IsCompleted)
        {
            ReportLateEnd(running);
        }
        else
        {
            Abandon(running, abandonAfter);
        }

        return stopping.IsCancellationRequested ? null : await _failed.Task;
    }

    private Exception? Judge(Task running, CancellationToken stopping)
    {
        if (running.IsCompletedSuccessfully)
        {
            return null;
        }

        var crash = running.Exception?.InnerException ?? new OperationCanceledException("It cancelled itself.");
        if (!stopping.IsCancellationRequested)
        {
            return crash;
        }

        if (crash is not OperationCanceledException)
        {
            SupervisionLog.FailedWhileStopping(logger, component, crash);
        }

        return null;
    }

    private async Task CancelAsync(CancellationTokenSource ending)
    {
        try
        {
            await ending.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The run ended after it was failed and before its token was cancelled: nothing remains to be cancelled.
        }
        catch (AggregateException callbacks)
        {
            SupervisionLog.FailedWhileStopping(logger, component, callbacks);
        }
    }

    /// <summary>Observes and logs how an abandoned run ends, because its supervisor no longer awaits it.</summary>
    private void Abandon(Task running, TimeSpan abandonAfter)
    {
        SupervisionLog.Abandoned(logger, component, abandonAfter);
        _ = running.ContinueWith(
            static (late, state) => ((SupervisedRun)state!).ReportLateEnd(late),
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private void ReportLateEnd(Task running)
    {
        if (running.Exception?.InnerException is { } crash)
        {
            SupervisionLog.FailedWhileStopping(logger, component, crash);
        }
    }
}
