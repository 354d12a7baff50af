using System.Collections.Immutable;

namespace Cassini.Streams.Events;

/// <summary>Health statuses, from best to worst: a greater value is a worse status.</summary>
public enum HealthStatus
{
    /// <summary>Switched off: not part of any verdict.</summary>
    Off,

    /// <summary>All is well.</summary>
    Ok,

    /// <summary>It serves, but an operator should look at it.</summary>
    Degraded,

    /// <summary>No evidence yet: counts as error and as not ready.</summary>
    Unknown,

    /// <summary>It does not do its job.</summary>
    Error,
}

/// <summary>A health check's damped status changed: published by the projection, ignored by the reducer.</summary>
/// <param name="Check">The check's name.</param>
/// <param name="From">The status it left.</param>
/// <param name="To">The status it entered.</param>
/// <param name="Reason">A CamelCase code; null when it turned ok.</param>
/// <param name="Message">For people; null when it turned ok.</param>
/// <param name="Evidence">Ids of the events that caused it.</param>
/// <param name="At">The exact time of the change since the epoch began: a deadline's own time when time alone caused it.</param>
/// <param name="Status">The overall status after the change.</param>
/// <param name="Ready">Whether <c>/readyz</c> answers 200 after the change.</param>
/// <param name="Live">Whether <c>/livez</c> answers 200 after the change.</param>
/// <param name="Revision">The snapshot's revision after the change.</param>
public sealed record HealthChanged(
    string Check,
    HealthStatus From,
    HealthStatus To,
    string? Reason,
    string? Message,
    ImmutableArray<EventId> Evidence,
    TimeSpan At,
    HealthStatus Status,
    bool Ready,
    bool Live,
    long Revision) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Health;

    /// <inheritdoc/>
    public bool Equals(HealthChanged? other) =>
        other is not null
        && Check == other.Check && From == other.From && To == other.To
        && Reason == other.Reason && Message == other.Message
        && Evidence.AsSpan().SequenceEqual(other.Evidence.AsSpan())
        && At == other.At && Status == other.Status && Ready == other.Ready && Live == other.Live && Revision == other.Revision;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Check, From, To, Reason, At, Revision);
}
