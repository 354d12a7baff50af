namespace Cassini.Streams.Cluster.Links;

/// <summary>The bounds of a link.</summary>
internal sealed record LinkOptions
{
    /// <summary>A frame is sent when it has so many bytes, and when a batch of packets ends.</summary>
    public int FrameSize { get; init; } = 32 * 1024;

    /// <summary>So many bytes that are not acknowledged are kept before publishers of QoS 1 and 2 wait.</summary>
    public long MostKept { get; init; } = 64 * 1024 * 1024;

    /// <summary>So many bytes of QoS 0 may be under way; what comes beyond is dropped.</summary>
    public long MostFast { get; init; } = 8 * 1024 * 1024;

    /// <summary>Frames that were not acknowledged for so long are sent again.</summary>
    public TimeSpan SendAgainAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>So many bytes are sent again at once.</summary>
    public int MostAgain { get; init; } = 4 * 1024 * 1024;
}
