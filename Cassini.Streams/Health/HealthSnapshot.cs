using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>
/// Everything that is known of the broker's health at one instant: immutable, complete, and the body of
/// <c>GET /healthz</c>. All times are UTC.
/// </summary>
public sealed record HealthSnapshot
{
    /// <summary>The worst check's status as ok, degraded or error; draining alone gives degraded.</summary>
    public required HealthStatus Status { get; init; }

    /// <summary>The phase of the process.</summary>
    public required Phase Phase { get; init; }

    /// <summary>Grows only when status, phase, a check, an endpoint or a certificate changes.</summary>
    public required long Revision { get; init; }

    /// <summary>The run of the process, 16 hexadecimal digits.</summary>
    public required string Epoch { get; init; }

    /// <summary>The time of the last event or tick that is folded in.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

    /// <summary>When the process started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Seconds from the start to <see cref="AsOf"/>, of a clock that nobody can set.</summary>
    public required double UptimeSeconds { get; init; }

    /// <summary>Live connections, each with its own supervised listener.</summary>
    public required long ActiveListeners { get; init; }

    /// <summary>When the last connection was accepted; null before the first.</summary>
    public required DateTimeOffset? LastConnection { get; init; }

    /// <summary>The last thing that went wrong; null while nothing did.</summary>
    public required LastError? LastError { get; init; }

    /// <summary>The topics.</summary>
    public required TopicSummary Topics { get; init; }

    /// <summary>Messages accepted and not yet delivered.</summary>
    public required long Backlog { get; init; }

    /// <summary>The endpoints, in the order of the configuration.</summary>
    public required ImmutableArray<EndpointHealth> Endpoints { get; init; }

    /// <summary>What the canary says of the way through the broker.</summary>
    public required BrokerHealth Broker { get; init; }

    /// <summary>The checks, in a fixed order.</summary>
    public required ImmutableArray<CheckHealth> Checks { get; init; }

    /// <summary>The range of events that the feed can still resume from.</summary>
    public required LogRange Log { get; init; }

    /// <summary>The longest silence of a healthy feed, in seconds.</summary>
    public required double HeartbeatSeconds { get; init; }

    /// <summary>The sequence of the last event that is folded in.</summary>
    [JsonIgnore]
    public long Through { get; init; }

    /// <summary>Whether new clients can be served: the verdict of <c>/readyz</c>.</summary>
    [JsonIgnore]
    public bool Ready { get; init; }

    /// <summary>Whether the process is worth keeping: the verdict of <c>/livez</c>.</summary>
    [JsonIgnore]
    public bool Live { get; init; }

    /// <summary>The counters behind <c>/metrics</c>, of the same instant.</summary>
    [JsonIgnore]
    public HealthCounts Counts { get; init; } = HealthCounts.Zero;

    /// <summary>The certificates in use, by role: the body of <c>GET /certificates</c>.</summary>
    [JsonIgnore]
    public ImmutableArray<CertificateHealth> Certificates { get; init; } = [];
}

/// <summary>A certificate or revocation list in use.</summary>
/// <param name="Role">Which.</param>
/// <param name="Subject">Its subject; the issuer for a revocation list.</param>
/// <param name="NotAfter">Until when it is valid, UTC.</param>
/// <param name="Status">What the certificate check says of it alone at this instant: ok, degraded or error; unknown when the projection is stale.</param>
public sealed record CertificateHealth(CertificateRole Role, string Subject, DateTimeOffset NotAfter, HealthStatus Status);

/// <summary>The last thing that went wrong.</summary>
/// <param name="Message">What.</param>
/// <param name="Time">When.</param>
public sealed record LastError(string Message, DateTimeOffset Time);

/// <summary>The topics.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Names">Up to 100 names, sorted.</param>
/// <param name="Truncated">Whether there are more than the names listed.</param>
public sealed record TopicSummary(long Count, ImmutableArray<string> Names, bool Truncated);

/// <summary>The state of an endpoint.</summary>
public enum EndpointState
{
    /// <summary>Its first bind attempt has not ended yet.</summary>
    Pending,

    /// <summary>Bound and listening.</summary>
    Bound,

    /// <summary>The last bind attempt failed; it is tried again.</summary>
    Failed,

    /// <summary>Its socket is closed.</summary>
    Closed,
}

/// <summary>An endpoint's health.</summary>
/// <param name="Address">The address bound, or the one configured while it is not.</param>
/// <param name="State">Its state.</param>
/// <param name="Since">Since when.</param>
/// <param name="Error">The socket error's name while it is failed; else null.</param>
public sealed record EndpointHealth(string Address, EndpointState State, DateTimeOffset Since, string? Error);

/// <summary>Whether a client gets through the broker.</summary>
public enum Connectivity
{
    /// <summary>No evidence yet, or the canary is off.</summary>
    Unknown,

    /// <summary>The canary's last round trip succeeded.</summary>
    Ok,

    /// <summary>The canary's last round trip failed.</summary>
    Failed,
}

/// <summary>What the canary says of the way through the broker.</summary>
/// <param name="Connectivity">Whether a client gets through.</param>
public sealed record BrokerHealth(Connectivity Connectivity);

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

/// <summary>The range of events that the feed can still resume from.</summary>
/// <param name="OldestId">The oldest event kept.</param>
/// <param name="NewestId">The newest event.</param>
public sealed record LogRange(string OldestId, string NewestId);
