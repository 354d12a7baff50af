using Cassini.Streams.Settings;

namespace Cassini.Streams.Events.Hub;

/// <summary>Bounds of the event hub.</summary>
public sealed record EventHubOptions : IOptionsRecord
{
    /// <summary>How many events the log keeps for feeds and resumes, rounded up to a power of two.</summary>
    [Within(16, 1_048_576)]
    public int LogCapacity { get; init; } = 16_384;

    /// <summary>
    /// How many inputs may wait while another thread delivers. A publisher waits while this queue is full, so that no event is lost.
    /// </summary>
    [Within(16, 16_777_216)]
    public int PendingCapacity { get; init; } = 65_536;

    /// <summary>How far behind an observer may fall before it gets a gap; never more than <see cref="LogCapacity"/>.</summary>
    [Within(1, 1_048_576)]
    public int ObserverQueue { get; init; } = 4_096;
}
