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

    /// <summary>The peer's name for an address with its port, as an event has it.</summary>
    /// <param name="remoteAddress"><c>192.0.2.1:40000</c> or <c>[2001:db8::1]:40000</c>.</param>
    /// <returns><c>192.0.2.1</c> or <c>2001:db8::/64</c>; null when it is no address.</returns>
    public static string? NameOf(string? remoteAddress) =>
        IPEndPoint.TryParse(remoteAddress ?? "", out var peer) ? Of(peer.Address).ToString() : null;

    /// <summary>The IPv4 address, or the IPv6 prefix with its length; <c>::1</c> for that of loopback.</summary>
    public override string ToString()
    {
        var (length, rest) = ((byte)_value, _value >> 8);
        if (length == 0)
        {
            return "unknown";
        }

        Span<byte> bytes = stackalloc byte[length == 4 ? 4 : 16];
        bytes.Clear();
        for (var i = length - 1; i >= 0; i--)
        {
            bytes[i] = (byte)rest;
            rest >>= 8;
        }

        var address = new IPAddress(bytes);
        return length == 4 ? address.ToString() : IPAddress.IPv6Any.Equals(address) ? "::1" : $"{address}/64";
    }
}
