namespace Cassini.Streams.Hosting;

/// <summary>The management HTTP surface.</summary>
public sealed record ManagementOptions
{
    /// <summary>Where it listens, <c>host:port</c>; loopback only. Default 127.0.0.1:9090.</summary>
    public string Address { get; init; } = "127.0.0.1:9090";

    /// <summary>Open feeds at once. Default 1,024.</summary>
    public int MaxFeeds { get; init; } = 1024;

    /// <summary>The longest silence of a healthy feed. Default 15 s.</summary>
    public TimeSpan FeedHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether rehearsal faults may be asked for. Default false.</summary>
    public bool EnableFaults { get; init; }

    /// <summary>Long polls at once. Default 1,024.</summary>
    public int MaxWaits { get; init; } = 1024;

    /// <summary>
    /// Where the gRPC health protocol answers, <c>host:port</c>, in the clear; off loopback it tells of the three probes only, and
    /// not of each check. Default null: nowhere.
    /// </summary>
    public string? GrpcAddress { get; init; }

    /// <summary>Open watches of the gRPC health protocol at once. Default 256.</summary>
    public int MaxWatches { get; init; } = 256;
}
