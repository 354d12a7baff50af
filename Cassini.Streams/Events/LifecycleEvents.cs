namespace Cassini.Streams.Events;

/// <summary>The phases of the process, in their order.</summary>
public enum Phase
{
    /// <summary>Until every endpoint had its first bind attempt.</summary>
    Starting,

    /// <summary>Durable state is being read back. Entered by a durable store; a broker without one goes from starting to ready.</summary>
    Recovering,

    /// <summary>Serving.</summary>
    Ready,

    /// <summary>Stopping gracefully: no new clients.</summary>
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

    /// <summary>Its deadline or a second signal cut it short.</summary>
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

    /// <summary>No more messages are taken in: what is published now is not acknowledged.</summary>
    StopIntake,

    /// <summary>Clients get what was taken in for them, and are told to go.</summary>
    Deliver,

    /// <summary>The last bytes leave, and whoever is still there loses the connection.</summary>
    CloseSessions,
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
/// <param name="Sessions">Clients that are still connected and were not told to go.</param>
/// <param name="Messages">Messages that they have not got, or not acknowledged: lost with the process when no later stage delivers them.</param>
/// <param name="Kept">Messages that wait for sessions without a connection: they last as long as the store that keeps them.</param>
public sealed record DrainStageLeft(
    DrainStage Stage, PhaseOutcome Outcome, TimeSpan Duration, int Sessions, long Messages, long Kept = 0) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}
