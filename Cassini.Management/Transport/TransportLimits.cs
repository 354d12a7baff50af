namespace Cassini.Management.Transport;

/// <summary>The limits of connections that Kestrel does not have yet.</summary>
internal sealed record TransportLimits
{
    /// <summary>How many connections may wait without a request. For one more the one that has waited longest is closed.</summary>
    public int Waiting { get; init; } = 256;

    /// <summary>How long one may wait: also between two requests.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many connections may be on the way to Kestrel.</summary>
    public int HandedOver { get; init; } = 512;

    /// <summary>How many connections the system may hold that are not accepted yet.</summary>
    public int Backlog { get; init; } = 512;
}
