namespace Cassini.Streams.Events;

/// <summary>Bounds of the event hub.</summary>
public sealed record EventHubOptions
{
    /// <summary>How many events the log keeps for feeds and resumes. Default 16,384; rounded up to a power of two, 16 to 1,048,576.</summary>
    public int LogCapacity { get; init; } = 16_384;

    /// <summary>
    /// How many inputs may wait while another thread delivers. A publisher that finds it full waits for room, so no
    /// event is lost. Default 65,536; at least 16.
    /// </summary>
    public int PendingCapacity { get; init; } = 65_536;

    /// <summary>How far behind an observer may fall before it gets a gap. Default 4,096; never more than the log keeps.</summary>
    public int ObserverQueue { get; init; } = 4_096;
}
