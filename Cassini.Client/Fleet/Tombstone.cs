using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>
/// A node that is gone. It stays, over restarts of every node, until the node is heard again, an operator forgets it
/// (<c>DELETE /fleet/NODE</c>), or seven days are over.
/// </summary>
public sealed record Tombstone
{
    /// <summary>Its name.</summary>
    public required string Node { get; init; }

    /// <summary>The run of its process that is gone.</summary>
    public required string Epoch { get; init; }

    /// <summary>When it was given up, or said that it stops, UTC.</summary>
    public required DateTimeOffset LostAt { get; init; }

    /// <summary>The last status that it said of itself; unknown when it had said none.</summary>
    public required HealthStatus LastStatus { get; init; }

    /// <summary>The revision of that.</summary>
    public required long LastRevision { get; init; }

    /// <summary>Sessions that it kept for clients that were away: they wait there.</summary>
    public required long Sessions { get; init; }

    /// <summary>Why it is gone.</summary>
    public required TombstoneReason Reason { get; init; }
}
