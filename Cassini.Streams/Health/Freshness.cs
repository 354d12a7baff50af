namespace Cassini.Streams.Health;

/// <summary>What the age of the projection's last tick says of the projection itself.</summary>
internal enum Freshness
{
    /// <summary>The last tick is no older than <see cref="HealthPolicy.Window"/>.</summary>
    Fresh,

    /// <summary>It is older than that: nothing that was folded can be trusted any more, and /readyz fails.</summary>
    Stale,

    /// <summary>It is older than <see cref="HealthPolicy.LiveWindow"/> too: /livez fails.</summary>
    Dead,
}
