namespace Cassini.Streams.Cluster.Fleet;

/// <summary>Who folds the fleet, and by which limits.</summary>
/// <param name="Fleet">The name of the fleet; null for a broker on its own.</param>
/// <param name="Node">The name of this node.</param>
/// <param name="Epoch">The run of this process.</param>
/// <param name="StartedAt">The wall clock when that began, UTC: elapsed time counts from it.</param>
/// <param name="DeadAfter">A peer that is not heard for so long after the bus is back is lost.</param>
internal sealed record FleetIdentity(string? Fleet, string Node, string Epoch, DateTimeOffset StartedAt, TimeSpan DeadAfter)
{
    /// <summary>How often each node says how it is, beside each change.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>What a node said longer ago is not current: two and a half intervals, as of any feed.</summary>
    public static readonly TimeSpan Freshness = 2.5 * Interval;

    /// <summary>How long a tombstone stays at most.</summary>
    public static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(7);

    /// <summary>
    /// Each node writes by its own clock when it gave up another: so much later than the forgetting it may seem, and is covered by it.
    /// </summary>
    public static readonly TimeSpan ClockAllowance = TimeSpan.FromMinutes(1);

    /// <summary>The most addresses that are remembered: that of a node that is not there makes room.</summary>
    public const int MostAddresses = 64;

    /// <summary>The most tombstones: the oldest makes room.</summary>
    public const int MostTombstones = 64;
}
