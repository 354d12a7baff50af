namespace Cassini.Streams.Health;

/// <summary>What the canary says of the way through the broker.</summary>
/// <param name="Connectivity">Whether a client gets through.</param>
public sealed record BrokerHealth(Connectivity Connectivity);

/// <summary>Whether a client gets through the broker.</summary>
public enum Connectivity
{
    /// <summary>No evidence yet, or the canary is off.</summary>
    Unknown,

    /// <summary>The canary's last round trip succeeded.</summary>
    Ok,

    /// <summary>The canary's last round trip failed.</summary>
    Failed,
}
