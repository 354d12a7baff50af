using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>A check's verdict.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">The damped status: what probes use.</param>
/// <param name="Raw">The status of this instant.</param>
/// <param name="Reason">A CamelCase code for the damped status; null when it is ok.</param>
/// <param name="Message">For people; null when it is ok.</param>
/// <param name="Since">Since when the damped status stands.</param>
/// <param name="Flapping">Whether it changed too often of late.</param>
/// <param name="Transitions">Changes of the raw status within the flapping window.</param>
/// <param name="Evidence">Ids of the events that caused it.</param>
public sealed record CheckHealth(
    string Name,
    HealthStatus Status,
    HealthStatus Raw,
    string? Reason,
    string? Message,
    DateTimeOffset Since,
    bool Flapping,
    int Transitions,
    ImmutableArray<string> Evidence)
{
    /// <summary>
    /// Where the runbook tells what the reason means and what to do, relative to the management address; null when it is ok, and for
    /// a reason that is none of the broker's, such as that of a feed that is lost.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Runbook => Reason is { } reason && Reasons.All.Contains(reason) ? $"/runbook#{reason}" : null;

    /// <summary>Whether <c>/readyz</c> looks at this check.</summary>
    [JsonIgnore]
    public bool InReadyz { get; init; }

    /// <summary>Whether <c>/livez</c> looks at this check.</summary>
    [JsonIgnore]
    public bool InLivez { get; init; }

    /// <summary>Whether it makes <c>/readyz</c> fail now.</summary>
    [JsonIgnore]
    public bool FailsReadyz { get; init; }

    /// <summary>Whether it makes <c>/livez</c> fail now.</summary>
    [JsonIgnore]
    public bool FailsLivez { get; init; }
}
