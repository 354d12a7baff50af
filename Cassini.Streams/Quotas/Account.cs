using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Quotas;

/// <summary>What one identity has of what all share. Thread-safe.</summary>
/// <param name="identity">The identity.</param>
/// <param name="shares">Its share of each resource, in their order.</param>
/// <param name="hasTurns">Whether its work is counted, and waits for its turn when that is much.</param>
internal sealed class Account(string identity, ImmutableArray<Share> shares, bool hasTurns = true)
{
    private readonly long[] _held = new long[shares.Length];

    public string Identity { get; } = identity;

    /// <summary>
    /// How many connections, sessions, retained messages, topics and shared subscriptions refer to it. Belongs to the table's lock.
    /// </summary>
    public int References { get; set; }

    /// <summary>Its memory; null before it has taken any. For <see cref="MemoryBudget.Of"/>.</summary>
    public AccountMemory? Memory { get; set; }

    /// <summary>How much it has worked lately; null when that is not counted.</summary>
    public WorkMeter? Work { get; } = hasTurns ? new WorkMeter() : null;

    public Share ShareOf(CapacityResource resource) => shares[(int)resource];

    public long Held(CapacityResource resource) => Interlocked.Read(ref _held[(int)resource]);

    /// <returns>How much it has then.</returns>
    public long Add(CapacityResource resource, long amount) => Interlocked.Add(ref _held[(int)resource], amount);
}
