using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Numbers that are the same on two nodes when they have the same retained messages: of all together, and of each of 256 buckets. Not
/// thread-safe.
/// </summary>
internal sealed class RetainedDigest
{
    public const int Buckets = 256;

    private readonly ulong[] _buckets = new ulong[Buckets];

    /// <summary>Of all.</summary>
    public ulong OfAll { get; private set; }

    /// <summary>Of each bucket, now.</summary>
    public ulong[] OfBuckets => [.. _buckets];

    /// <summary>A topic has a retained message, or has it no more.</summary>
    public void Toggle(ReadOnlySpan<byte> topic, RetainedStamp stamp)
    {
        var name = FleetHash.Of(topic);
        var hash = FleetHash.Of(name, stamp);
        _buckets[FleetHash.BucketOf(name)] ^= hash;
        OfAll ^= hash;
    }
}
