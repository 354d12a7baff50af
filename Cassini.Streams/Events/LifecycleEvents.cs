namespace Cassini.Streams.Events;

/// <summary>The phases of the process, in their order.</summary>
public enum Phase
{
    /// <summary>Until every endpoint had its first bind attempt.</summary>
    Starting,

    /// <summary>Durable state is being read back.</summary>
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

/// <summary>How a phase ended.</summary>
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
