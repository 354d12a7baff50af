using System.Net;

namespace Cassini.Streams.Primitives;

/// <summary>
/// One peer, for limits that count by address: an IPv4 address, or an IPv6 /64, because one host can have all of it. An IPv4 address
/// within IPv6, as a dual-mode socket reports it, is the IPv4 address. The default value stands for an unknown address.
/// </summary>
internal readonly record struct PeerKey
{
    private readonly UInt128 _value;

    private PeerKey(UInt128 value) => _value = value;

    /// <summary>The peer at an address.</summary>
    /// <param name="address">The address; null when it is unknown.</param>
    public static PeerKey Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var block = address.IsIPv4MappedToIPv6 ? bytes[12..] : bytes[..Math.Min(length, 8)];
        var value = UInt128.Zero;
        foreach (var part in block)
        {
            value = (value << 8) | part;
        }

        // The length is part of the key, so that no IPv6 prefix is the same peer as an IPv4 address.
        return new PeerKey((value << 8) | (byte)block.Length);
    }
}
