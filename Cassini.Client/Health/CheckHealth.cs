using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>A check's verdict.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">The damped status, which the probes use.</param>
/// <param name="Raw">The undamped status at this instant.</param>
/// <param name="Reason">A CamelCase code for the damped status; null when it is ok.</param>
/// <param name="Message">For people; null when it is ok.</param>
/// <param name="Since">When the damped status was entered.</param>
/// <param name="Flapping">Whether the raw status changed too often within the flapping window.</param>
/// <param name="Transitions">Changes of the raw status within the flapping window.</param>
/// <param name="Evidence">Ids of the events that caused the status.</param>
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
    /// The link to the runbook entry of the reason, relative to the management address; null when the status is ok, and for a reason that
    /// the broker does not have, such as that of a lost feed.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Runbook => Reason is { } reason && Reasons.All.Contains(reason) ? $"/runbook#{reason}" : null;

    /// <summary>Whether <c>/readyz</c> depends on this check.</summary>
    [JsonIgnore]
    public bool InReadyz { get; init; }

    /// <summary>Whether <c>/livez</c> depends on this check.</summary>
    [JsonIgnore]
    public bool InLivez { get; init; }

    /// <summary>Whether it makes <c>/readyz</c> fail now.</summary>
    [JsonIgnore]
    public bool FailsReadyz { get; init; }

    /// <summary>Whether it makes <c>/livez</c> fail now.</summary>
    [JsonIgnore]
    public bool FailsLivez { get; init; }
}
