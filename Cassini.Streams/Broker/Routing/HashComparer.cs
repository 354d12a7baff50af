using System.Security.Cryptography;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Compares hashes that are the same on all nodes, for tables of them. Their places depend on a random number of this process: who chooses
/// topics or client identifiers must not choose places, because then all searches would be long.
/// </summary>
internal sealed class HashComparer : IEqualityComparer<ulong>
{
    private readonly ulong _factor = RandomFactor();

    private HashComparer()
    {
    }

    /// <summary>The one of this process.</summary>
    public static HashComparer Instance { get; } = new();

    /// <summary>An odd number for a hash by multiplication, whose highest bits are the place.</summary>
    public static ulong RandomFactor() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    public bool Equals(ulong x, ulong y) => x == y;

    public int GetHashCode(ulong obj) => (int)((obj * _factor) >> 32);
}
