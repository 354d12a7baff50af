using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;

namespace Cassini.Streams.Hosting;

/// <summary>
/// The stages of a graceful stop, one after another, each with its deadline and its two events. None is left out when the stop is
/// forced: each is only short then.
/// </summary>
/// <param name="options">The deadlines.</param>
/// <param name="listeners">Whose endpoints and connections are closed.</param>
/// <param name="broker">What is emptied; null when the host serves another protocol.</param>
/// <param name="events">Where it is told.</param>
/// <param name="time">The one clock.</param>
/// <param name="forced">Cuts every stage short.</param>
internal sealed class DrainSequence(
    CassiniOptions options, ListenerManager listeners, MqttBroker? broker, IEventPublisher events, TimeProvider time, CancellationToken forced)
{
    /// <summary>How long a batch of messages, or a probe, may take to end: they wait for nothing.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    /// <summary>Whether a deadline or a second signal cut a stage short.</summary>
    public bool IsForced { get; private set; }

    /// <summary>New clients are still served, while those who ask are told to go elsewhere.</summary>
    /// <param name="wasReady">Whether anybody was ever told that it is ready: else there is nobody to wait for.</param>
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
        var stopped = await Within(stopServices(), stage);
        return await Within(listeners.StopAcceptingAsync(), stage) && stopped;
    });

    /// <summary>No more messages are taken in, and none is on its way.</summary>
    public Task StopIntakeAsync() => RunAsync(
        DrainStage.StopIntake, Moment, stage => broker is null ? Task.FromResult(true) : Within(broker.Drain.CloseIntakeAsync(stage), stage));

    /// <summary>Clients get what was taken in for them, and are told to go.</summary>
    public Task DeliverAsync() => RunAsync(
        DrainStage.Deliver,
        options.Drain.SessionTimeout,
        stage => broker is null ? Task.FromResult(true) : Within(broker.Drain.DeliverAsync(stage), stage));

    /// <summary>The last bytes leave, and whoever is still there is told to go at once.</summary>
    public Task CloseConnectionsAsync() => RunAsync(DrainStage.CloseSessions, options.Listener.CloseTimeout, async stage =>
    {
        // Its own deadlines are those of the connections, and it ends when they are all gone.
        await listeners.CloseConnectionsAsync(forced).ConfigureAwait(false);
        return !stage.IsCancellationRequested;
    });

    private async Task RunAsync(DrainStage stage, TimeSpan deadline, Func<CancellationToken, Task<bool>> body)
    {
        events.Publish(new DrainStageEntered(stage, deadline));
        var began = time.GetTimestamp();
        using var late = new CancellationTokenSource(stage == DrainStage.Announce ? Timeout.InfiniteTimeSpan : deadline, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, forced);
        var completed = await body(end.Token).ConfigureAwait(false);
        IsForced |= !completed;
        var rest = broker?.Drain.Rest ?? new DrainRest(listeners.OpenConnections, 0, 0);
        events.Publish(new DrainStageLeft(
            stage, completed ? PhaseOutcome.Completed : PhaseOutcome.Forced, time.GetElapsedTime(began), rest.Sessions, rest.Messages, rest.Kept));
    }

    /// <summary>Waits for the work until the stage is cut short, and then leaves it to itself.</summary>
    /// <returns>Whether it ended by itself.</returns>
    private static async Task<bool> Within(Task work, CancellationToken stage)
    {
        await work.WaitAsync(stage).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return work.IsCompletedSuccessfully;
    }
}
