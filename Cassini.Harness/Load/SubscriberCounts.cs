namespace Cassini.Harness.Load;

/// <summary>What a subscriber has received so far.</summary>
internal sealed record SubscriberCounts
{
    /// <summary>Messages of any kind.</summary>
    public long Received { get; init; }

    /// <summary>Different good messages of this test.</summary>
    public long Unique { get; init; }

    public long Duplicates { get; init; }

    public long Corrupt { get; init; }

    /// <summary>Of another test, another run, or no harness at all.</summary>
    public long Foreign { get; init; }

    /// <summary>Messages that arrived after a later one with the same key.</summary>
    public long OutOfOrder { get; init; }

    /// <summary>Bytes of payload.</summary>
    public long Bytes { get; init; }

    /// <summary>When the first good message arrived, from the test's start; null before it.</summary>
    public TimeSpan? First { get; init; }

    /// <summary>When the last one arrived.</summary>
    public TimeSpan? Last { get; init; }

    /// <summary>The longest time without a good message up to the last one, the wait for the first included.</summary>
    public TimeSpan LongestGap { get; init; }

    /// <summary>When as many messages had arrived as the expectation asks for; null before.</summary>
    public TimeSpan? Satisfied { get; init; }

    /// <summary>Null when the publishers were in other processes.</summary>
    public LatencySummary? Latency { get; init; }

    /// <summary>For each client of a publisher: how many different messages arrived.</summary>
    public IReadOnlyList<StreamCount> Streams { get; init; } = [];

    /// <summary>Connections that were lost and opened again.</summary>
    public long Reconnects { get; init; }

    /// <summary>What went wrong last; null when nothing did.</summary>
    public string? LastError { get; init; }
}

/// <param name="Publisher">The publisher's index.</param>
/// <param name="Client">The client's index.</param>
/// <param name="Unique">How many different messages.</param>
internal sealed record StreamCount(int Publisher, int Client, long Unique);
