namespace Cassini.Streams.Health.Folding;

/// <summary>The state of the projection itself, judged by the age of its last tick.</summary>
internal enum Freshness
{
    /// <summary>The last tick is no older than <see cref="HealthPolicy.Window"/>.</summary>
    Fresh,

    /// <summary>The last tick is older: the folded state can no longer be trusted, and /readyz fails.</summary>
    Stale,

    /// <summary>The last tick is also older than <see cref="HealthPolicy.LiveWindow"/>: /livez fails.</summary>
    Dead,
}
