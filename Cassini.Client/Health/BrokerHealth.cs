namespace Cassini.Streams.Health;

/// <summary>Whether the canary can connect through the broker.</summary>
/// <param name="Connectivity">The result of the canary's last round trip.</param>
public sealed record BrokerHealth(Connectivity Connectivity);

/// <summary>The result of the canary's last round trip through the broker.</summary>
public enum Connectivity
{
    /// <summary>No evidence yet, the canary is off, or the projection is stale.</summary>
    Unknown,

    /// <summary>The canary's last round trip succeeded.</summary>
    Ok,

    /// <summary>The canary's last round trip failed.</summary>
    Failed,
}
