using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>Whether a node is heard on the bus.</summary>
internal enum Standing
{
    /// <summary>It is.</summary>
    Heard,

    /// <summary>It was not for a while.</summary>
    Suspect,

    /// <summary>It was not for so long that it was given up, while this node was not connected itself.</summary>
    GivenUp,
}

/// <summary>What is known of a node that is there. Times are elapsed time of the fold.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Epoch">Its run.</param>
internal sealed record NodeFact(string Node, string Epoch)
{
    /// <summary>Whether it is heard.</summary>
    public Standing Standing { get; init; }

    /// <summary>What it said last; null for nothing.</summary>
    public FleetNodeHealth? Said { get; init; }

    /// <summary>The number of that.</summary>
    public long Number { get; init; }

    /// <summary>When that was.</summary>
    public TimeSpan SaidAt { get; init; }

    /// <summary>When it answered over HTTP last; null when it never did.</summary>
    public TimeSpan? AnsweredAt { get; init; }

    /// <summary>Where its management is reached; null when it does not say.</summary>
    public string? Management { get; init; }

    /// <summary>The state in which it was shown last.</summary>
    public FleetNodeState Shown { get; init; } = FleetNodeState.Unknown;

    /// <summary>When that state was entered.</summary>
    public TimeSpan ShownSince { get; init; }
}
