using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Hosting;

public sealed partial class ServiceHost
{
    private static readonly TimeSpan FoldPatience = TimeSpan.FromMilliseconds(500);

    /// <param name="started">The start.</param>
    /// <param name="wasReady">Whether the start became ready. It no longer does when it was not when the stop was called.</param>
    /// <param name="cancellationToken">Forces the stop.</param>
    private async Task StopOnceAsync(Task started, bool wasReady, CancellationToken cancellationToken)
    {
        await EndStartAsync(started, wasReady).ConfigureAwait(false);
        EnterPhase(Phase.Draining, wasReady ? PhaseOutcome.Completed : PhaseOutcome.Forced);
        var drain = new DrainSequence(Options, Listeners, _protocol, Hub, _time, _logger, cancellationToken);
        var stages = RunStagesAsync(drain, wasReady, cancellationToken);
        await stages.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Last, so that the feed has health and load for as long as there are connections.
        await _services.StopAsync(Options.Listener.CloseTimeout, cancellationToken).ConfigureAwait(false);
        await _heartbeats.StopAsync(DrainSequence.Moment, cancellationToken).ConfigureAwait(false);
        var listening = Listeners.StopAsync(cancellationToken);
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var isComplete = stages.IsCompletedSuccessfully && listening.IsCompletedSuccessfully && !drain.IsForced;
        EnterPhase(Phase.Stopped, isComplete ? PhaseOutcome.Completed : PhaseOutcome.Forced);
        await Task.WhenAll(stages, listening).ConfigureAwait(false);
    }

    /// <summary>Waits for the start, which was asked to end: also when the stop is forced, because the two must not overlap.</summary>
    private async Task EndStartAsync(Task started, bool wasReady)
    {
        // One that became ready has only that left to publish. Any other may hang, for example on a file of a dead mount.
        var limit = wasReady ? Timeout.InfiniteTimeSpan : DrainSequence.Moment;

        // How the start ended is for the caller that started it.
        await started.WaitAsync(limit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!started.IsCompleted)
        {
            HostingLog.StartLeft(_logger, limit);
        }
    }

    private async Task RunStagesAsync(DrainSequence drain, bool wasReady, CancellationToken cancellationToken)
    {
        await drain.AnnounceAsync(wasReady).ConfigureAwait(false);
        await drain.StopAcceptingAsync(StopProbesAsync).ConfigureAwait(false);
        await drain.StopIntakeAsync().ConfigureAwait(false);
        await StopPublicationsAsync(cancellationToken).ConfigureAwait(false);
        await drain.DeliverAsync().ConfigureAwait(false);
        await drain.CloseConnectionsAsync().ConfigureAwait(false);
        await drain.HandOverAsync().ConfigureAwait(false);
    }

    /// <summary>Before the endpoints close: a probe of a closed endpoint would report a fault that is none.</summary>
    private async Task StopProbesAsync()
    {
        await _probes.StopAsync().ConfigureAwait(false);
        if (!_probes.IsEmpty)
        {
            Hub.Publish(new CanaryDisabled("no new clients are served: the broker is stopping"));
        }
    }

    /// <summary>What they published last is what subscribers have when they are asked to go.</summary>
    private async Task StopPublicationsAsync(CancellationToken cancellationToken)
    {
        if (_publications.IsEmpty)
        {
            return;
        }

        // The fold may be at work on another thread: a moment's patience is enough, unless it is dead.
        using var late = new CancellationTokenSource(FoldPatience, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        Task folded = Health.WaitForAsync(snapshot => snapshot.Phase == Phase.Draining, end.Token);
        await folded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _publications.StopAsync(FoldPatience, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task DisposeOnceAsync()
    {
        await EndAsync(StopAsync(CancellationToken.None)).ConfigureAwait(false);
        _memory.Dispose();
        await EndAsync(_protocol.CompleteAsync()).ConfigureAwait(false);
        await EndAsync(_core.DisposeAsync().AsTask()).ConfigureAwait(false);
    }

    /// <summary>Waits for a part of the end, whose failure keeps none of the next parts from ending.</summary>
    private async Task EndAsync(Task part)
    {
        TaskObserver.Observe(part, failure => HostingLog.StopFailed(_logger, failure));
        await part.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
