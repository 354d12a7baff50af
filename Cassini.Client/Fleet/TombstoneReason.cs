namespace Cassini.Streams.Fleet;

/// <summary>Why a node is gone.</summary>
public enum TombstoneReason
{
    /// <summary>It was not heard for so long that the fleet goes on without it.</summary>
    Lost,

    /// <summary>It stopped gracefully, and said so.</summary>
    Left,
}
