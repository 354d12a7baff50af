using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Fleet;

/// <summary>
/// The health of one node: what a controller needs of it. What is no longer current is unknown and not ready, with a reason; its phase and
/// its numbers are then those of <see cref="AsOf"/>.
/// </summary>
public sealed record FleetNodeHealth
{
    /// <summary>Its overall status: ok, degraded or error as it says of itself; unknown when nothing current is known.</summary>
    public required HealthStatus Status { get; init; }

    /// <summary>Whether it serves new clients, as its <c>/readyz</c> says; false when nothing current is known.</summary>
    public required bool Ready { get; init; }

    /// <summary>
    /// When it is unknown, a <see cref="Feed.FeedLoss"/>: why nothing current is known. Else the reason of its worst check; null when all
    /// are ok.
    /// </summary>
    public required string? Reason { get; init; }

    /// <summary>The same for people; null when all checks are ok.</summary>
    public required string? Message { get; init; }

    /// <summary>The phase of its process.</summary>
    public required Phase Phase { get; init; }

    /// <summary>The revision of its health; 0 when it has said nothing yet.</summary>
    public required long Revision { get; init; }

    /// <summary>The checks that are neither ok nor off, in their fixed order. Empty when nothing current is known.</summary>
    public required ImmutableArray<FailingCheck> Failing { get; init; }

    /// <summary>The version of its program; empty when it has said nothing yet.</summary>
    public required string Version { get; init; }

    /// <summary>When it said this, by its clock, UTC; the Unix epoch when it has said nothing yet.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>How many other nodes it hears; null when it does not say.</summary>
    public int? Peers { get; init; }

    /// <summary>Seconds since its start.</summary>
    public required double UptimeSeconds { get; init; }

    /// <summary>Live connections, each with its own supervised listener.</summary>
    public required long ActiveListeners { get; init; }

    /// <summary>Open MQTT sessions.</summary>
    public required long Sessions { get; init; }

    /// <summary>
    /// Sessions that are kept on disk while their clients are away, as of the last sample of the load; 0 without a store.
    /// </summary>
    public required long KeptSessions { get; init; }

    /// <summary>Messages accepted and not yet delivered.</summary>
    public required long Backlog { get; init; }

    /// <summary>The last error; null when there was none.</summary>
    public required LastError? LastError { get; init; }
}
