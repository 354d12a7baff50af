using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Numbers of messages that differ on all nodes of a fleet, so that a copy that comes by two ways is found. Each process begins at random,
/// and 64 bits are enough for that. Thread-safe.
/// </summary>
internal static class MessageOrigin
{
    private static ulong _last = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>The next one; never 0.</summary>
    public static ulong Next()
    {
        var next = Interlocked.Increment(ref _last);
        return next == 0 ? Next() : next;
    }
}
