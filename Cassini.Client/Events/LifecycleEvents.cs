namespace Cassini.Streams.Events;

/// <summary>The phases of the process, in their order.</summary>
public enum Phase
{
    /// <summary>Starting: lasts until every endpoint has had its first bind attempt.</summary>
    Starting,

    /// <summary>Durable state is being loaded. Only a broker with a durable store enters it; others go from starting to ready.</summary>
    Recovering,

    /// <summary>Serving.</summary>
    Ready,

    /// <summary>Stopping gracefully: new clients are not served.</summary>
    Draining,

    /// <summary>Stopped.</summary>
    Stopped,
}

/// <summary>The process entered a phase.</summary>
/// <param name="Phase">Which.</param>
public sealed record PhaseEntered(Phase Phase) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}

/// <summary>How a phase, or a stage of the drain, ended.</summary>
public enum PhaseOutcome
{
    /// <summary>All of its work was done.</summary>
    Completed,

    /// <summary>
    /// Its deadline or a second signal cut it short, or a part of it failed. <see cref="Phase.Starting"/>: a failure or a stop ended it
    /// before the broker was ready.
    /// </summary>
    Forced,
}

/// <summary>The process left a phase.</summary>
/// <param name="Phase">Which.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Duration">How long it took.</param>
public sealed record PhaseLeft(Phase Phase, PhaseOutcome Outcome, TimeSpan Duration) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}

/// <summary>The stages of a graceful stop, in their order.</summary>
public enum DrainStage
{
    /// <summary>Readiness is red, and new clients are still served.</summary>
    Announce,

    /// <summary>The endpoints close.</summary>
    StopAccepting,

    /// <summary>No more messages are accepted: a message that is published now is not acknowledged.</summary>
    StopIntake,

    /// <summary>Clients receive the messages that were accepted for them, and are then disconnected.</summary>
    Deliver,

    /// <summary>The last bytes are sent, and the remaining connections are closed.</summary>
    CloseConnections,

    /// <summary>Only in a fleet: other nodes take the kept sessions of clients that have connected there.</summary>
    HandOver,
}

/// <summary>The drain entered a stage.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Deadline">How long it may take.</param>
public sealed record DrainStageEntered(DrainStage Stage, TimeSpan Deadline) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}

/// <summary>The drain left a stage.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Sessions">Clients that are still connected and were not sent a DISCONNECT.</param>
/// <param name="Messages">Messages that these clients have not received or not acknowledged: lost with the process when no later stage
/// delivers them.</param>
/// <param name="Kept">Messages that wait for sessions without a connection: the store decides how long they last.</param>
public sealed record DrainStageLeft(
    DrainStage Stage, PhaseOutcome Outcome, TimeSpan Duration, int Sessions, long Messages, long Kept = 0) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}
