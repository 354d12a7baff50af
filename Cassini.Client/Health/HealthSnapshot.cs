using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>
/// Everything that is known about the broker's health at one instant: immutable, complete, and the body of <c>GET /healthz</c>. All
/// times are UTC.
/// </summary>
public sealed record HealthSnapshot
{
    /// <summary>The worst check's status as ok, degraded or error; when draining is the only reason, degraded.</summary>
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

    /// <summary>
    /// The broker's name: <c>Management:Name</c>, by default the host's. The management surface sets it. Null, and left out of the JSON, in
    /// a snapshot that does not come from there.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>When the process started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Seconds from the start to <see cref="AsOf"/>, by the monotonic clock.</summary>
    public required double UptimeSeconds { get; init; }

    /// <summary>Live connections, each with its own supervised listener.</summary>
    public required long ActiveListeners { get; init; }

    /// <summary>When the last connection was accepted; null before the first.</summary>
    public required DateTimeOffset? LastConnection { get; init; }

    /// <summary>The last error; null when there was none.</summary>
    public required LastError? LastError { get; init; }

    /// <summary>The topics.</summary>
    public required TopicSummary Topics { get; init; }

    /// <summary>Messages accepted and not yet delivered.</summary>
    public required long Backlog { get; init; }

    /// <summary>The endpoints, in the order of the configuration.</summary>
    public required ImmutableArray<EndpointHealth> Endpoints { get; init; }

    /// <summary>Whether the canary can connect through the broker.</summary>
    public required BrokerHealth Broker { get; init; }

    /// <summary>The durable store. Null, and left out of the JSON, when there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StoreHealth? Store { get; init; }

    /// <summary>The checks, in a fixed order.</summary>
    public required ImmutableArray<CheckHealth> Checks { get; init; }

    /// <summary>The range of events that the feed can still resume from.</summary>
    public required LogRange Log { get; init; }

    /// <summary>
    /// The longest silence of a healthy feed, in seconds. The management surface sets it. Null, and left out of the JSON, in a snapshot
    /// without a feed, such as that of <c>$SYS/broker/health</c>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? HeartbeatSeconds { get; init; }

    /// <summary>The sequence of the last event that is folded in.</summary>
    [JsonIgnore]
    public long Through { get; init; }

    /// <summary>Whether new clients can be served: the verdict of <c>/readyz</c>.</summary>
    [JsonIgnore]
    public bool Ready { get; init; }

    /// <summary>Whether the process should keep running: the verdict of <c>/livez</c>.</summary>
    [JsonIgnore]
    public bool Live { get; init; }

    /// <summary>
    /// Whether the projection's own ticks were too old when the snapshot was read: then nothing else in it can be trusted.
    /// </summary>
    [JsonIgnore]
    public bool IsStale => Checks.Any(static check => check is { Name: CheckNames.Projection, Status: HealthStatus.Error });

    /// <summary>The counters of <c>/metrics</c>, at the same instant.</summary>
    [JsonIgnore]
    public HealthCounts Counts { get; init; } = HealthCounts.Zero;

    /// <summary>How much of each limit was in use at the last sample or refusal, as far as the host has such a limit.</summary>
    [JsonIgnore]
    public ImmutableArray<CapacityHealth> Capacity { get; init; } = [];

    /// <summary>The certificates in use, by role: the body of <c>GET /certificates</c>.</summary>
    [JsonIgnore]
    public ImmutableArray<CertificateHealth> Certificates { get; init; } = [];
}
