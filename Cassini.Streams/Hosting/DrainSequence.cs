using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>
/// The stages of a graceful stop, one after another, each with its deadline and its two events. None is left out when the stop is
/// forced: each is only short then.
/// </summary>
/// <param name="options">The deadlines.</param>
/// <param name="listeners">Whose endpoints and connections are closed.</param>
/// <param name="protocol">What is emptied.</param>
/// <param name="events">Where it publishes.</param>
/// <param name="time">The one clock.</param>
/// <param name="logger">Where a stage that fails is logged.</param>
/// <param name="forced">Cuts every stage short.</param>
internal sealed class DrainSequence(
    CassiniOptions options,
    ListenerManager listeners,
    IHostedProtocol protocol,
    IEventPublisher events,
    TimeProvider time,
    ILogger logger,
    CancellationToken forced)
{
    /// <summary>How long a batch of messages, or a probe, may take to end: they wait for nothing.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    /// <summary>Whether a stage failed, or a deadline or a second signal cut it short.</summary>
    public bool IsForced { get; private set; }

    /// <summary>New clients are still served, while readiness sends those that look at it elsewhere.</summary>
    /// <param name="wasReady">Whether it ever was ready: else no client looks for it and there is nothing to wait for.</param>
    public Task AnnounceAsync(bool wasReady)
    {
        var delay = wasReady ? options.Drain.ReadinessDelay : TimeSpan.Zero;
        return RunAsync(DrainStage.Announce, delay, async stage =>
        {
            // The delay is the stage: that it passes is no cut.
            await Task.Delay(delay, time, forced).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return !forced.IsCancellationRequested;
        });
    }

    /// <summary>The endpoints close, after the probes that would miss them.</summary>
    public Task StopAcceptingAsync(Func<Task> stopServices) => RunAsync(DrainStage.StopAccepting, Moment, async stage =>
    {
        var stopped = await EndsAsync(DrainStage.StopAccepting, stopServices(), stage).ConfigureAwait(false);
        return await EndsAsync(DrainStage.StopAccepting, listeners.StopAcceptingAsync(), stage).ConfigureAwait(false) && stopped;
    });

    /// <summary>No more messages are taken in, and none is on its way.</summary>
    public Task StopIntakeAsync() => RunAsync(
        DrainStage.StopIntake, Moment, stage => EndsAsync(DrainStage.StopIntake, protocol.CloseIntakeAsync(stage), stage));

    /// <summary>Clients get what was taken in for them, and are asked to go.</summary>
    public Task DeliverAsync() => RunAsync(
        DrainStage.Deliver, options.Drain.SessionTimeout, stage => EndsAsync(DrainStage.Deliver, protocol.DeliverAsync(stage), stage));

    /// <summary>The last bytes leave, and the connections that are still open are closed.</summary>
    public Task CloseConnectionsAsync() => RunAsync(DrainStage.CloseConnections, options.Listener.CloseTimeout, async stage =>
    {
        // Its own deadlines are those of the connections, and it ends when they are all gone.
        var closing = listeners.CloseConnectionsAsync(forced);
        return await EndsAsync(DrainStage.CloseConnections, closing, CancellationToken.None).ConfigureAwait(false)
            && !stage.IsCancellationRequested;
    });

    /// <summary>Other nodes of the fleet take the sessions of clients that connect there. One whose client does not stays.</summary>
    public Task HandOverAsync() => !protocol.HandsOver ? Task.CompletedTask : RunAsync(
        DrainStage.HandOver, options.Drain.HandOverTimeout, async stage =>
        {
            await EndsAsync(DrainStage.HandOver, protocol.HandOverAsync(stage), stage).ConfigureAwait(false);
            return !forced.IsCancellationRequested;
        });

    private async Task RunAsync(DrainStage stage, TimeSpan deadline, Func<CancellationToken, Task<bool>> body)
    {
        events.Publish(new DrainStageEntered(stage, deadline));
        var began = time.GetTimestamp();
        using var late = new CancellationTokenSource(stage == DrainStage.Announce ? Timeout.InfiniteTimeSpan : deadline, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, forced);
        var completed = await body(end.Token).ConfigureAwait(false);
        IsForced |= !completed;
        var rest = protocol.Rest(listeners.OpenConnections);
        events.Publish(new DrainStageLeft(
            stage, completed ? PhaseOutcome.Completed : PhaseOutcome.Forced,
            time.GetElapsedTime(began), rest.Sessions, rest.Messages, rest.Kept));
    }

    /// <summary>
    /// Waits for the work until the stage is cut short, and then leaves it to itself. A failure is logged, however late it comes.
    /// </summary>
    /// <returns>Whether it ended by itself, and well.</returns>
    private async Task<bool> EndsAsync(DrainStage stage, Task work, CancellationToken cut)
    {
        TaskObserver.Observe(work, failure => HostingLog.StageFailed(logger, stage, failure));
        await work.WaitAsync(cut).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompletedSuccessfully;
    }
}
