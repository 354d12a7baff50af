using System.Net;
using System.Net.Sockets;

namespace Cassini.Management.Access;

/// <summary>What counts as one caller: an IPv4 address, or an IPv6 /64, because one host can have a whole /64.</summary>
internal static class CallerKey
{
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }
}
