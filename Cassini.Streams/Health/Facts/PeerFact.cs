namespace Cassini.Streams.Health.Facts;

/// <summary>Whether another node of the fleet is heard.</summary>
internal enum PeerState
{
    /// <summary>It is heard.</summary>
    Live,

    /// <summary>It was not heard for a while.</summary>
    Suspect,

    /// <summary>It was not heard for so long that the fleet goes on without it.</summary>
    Lost,
}

/// <summary>The facts about another node of the fleet. Of each fault: the event that it is from, 0 when there is none.</summary>
/// <param name="Node">Its name.</param>
internal sealed record PeerFact(string Node)
{
    public PeerState State { get; init; }

    /// <summary>How long it was not heard, when the state was entered.</summary>
    public TimeSpan Silence { get; init; }

    /// <summary>The event that the state is from.</summary>
    public long Cause { get; init; }

    /// <summary>It has not said what it subscribes to, or not sent all that it retains.</summary>
    public long LateCause { get; init; }

    /// <summary>It has not confirmed a subscription of this node for <see cref="Waited"/>.</summary>
    public long LagCause { get; init; }

    public TimeSpan Waited { get; init; }

    /// <summary>It is heard, and took no messages for <see cref="Stalled"/>.</summary>
    public long StallCause { get; init; }

    public TimeSpan Stalled { get; init; }

    /// <summary>It differs from this node in <see cref="Differs"/>.</summary>
    public long DiffersCause { get; init; }

    public string Differs { get; init; } = "";

    /// <summary>Its clock is ahead of this node's by <see cref="Skew"/>.</summary>
    public long SkewCause { get; init; }

    public TimeSpan Skew { get; init; }

    /// <summary>Messages to it are dropped, <see cref="Dropped"/> of them so far.</summary>
    public long DropCause { get; init; }

    public long Dropped { get; init; }

    /// <summary>This node cannot retain <see cref="Missing"/> messages that it retains.</summary>
    public long MissingCause { get; init; }

    public long Missing { get; init; }
}
