using System.Buffers.Binary;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Hashes that are the same on all nodes, and in all versions that speak with each other.</summary>
internal static class FleetHash
{
    private const ulong Offset = 0xCBF2_9CE4_8422_2325;
    private const ulong Prime = 0x0000_0100_0000_01B3;

    /// <summary>Of a topic, or of another name. Its highest byte is the bucket of a retained topic.</summary>
    public static ulong Of(ReadOnlySpan<byte> name)
    {
        var hash = Offset ^ (ulong)name.Length;
        for (; name.Length >= sizeof(ulong); name = name[sizeof(ulong)..])
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(name)) * Prime;
        }

        foreach (var one in name)
        {
            hash = (hash ^ one) * Prime;
        }

        return Mix(hash);
    }

    /// <summary>Of a topic with the stamp of its retained message.</summary>
    public static ulong Of(ulong topic, RetainedStamp stamp) => Mix(Mix(topic ^ stamp.Clock) + stamp.Origin);

    /// <summary>The bucket of a topic.</summary>
    public static int BucketOf(ulong topic) => (int)(topic >> 56);

    /// <summary>Each bit of the result depends on each bit of the value.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51_AFD7_ED55_8CCD;
        value = (value ^ (value >> 33)) * 0xC4CE_B9FE_1A85_EC53;
        return value ^ (value >> 33);
    }
}
