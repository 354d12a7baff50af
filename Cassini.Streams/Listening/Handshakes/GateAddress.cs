using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>The guests of one address (IPv6: one /64, since that is what one host can have). Belongs to the gate's lock.</summary>
internal sealed class GateAddress(UInt128 key, long now)
{
    public UInt128 Key { get; } = key;

    /// <summary>No byte yet; oldest first.</summary>
    public LinkedList<GatePass> Silent { get; } = new();

    /// <summary>Waiting for a place; oldest first. Places go to the newest: the old ones are those who gave up or attack.</summary>
    public LinkedList<GatePass> Waiting { get; } = new();

    /// <summary>With a place; oldest first.</summary>
    public LinkedList<GatePass> InFlight { get; } = new();

    /// <summary>Whether it stands in the queue of addresses that are served in turn.</summary>
    public bool IsInTurn { get; set; }

    /// <summary>When a handshake last succeeded, or the address came: a timestamp.</summary>
    public long LastSuccess { get; set; } = now;

    public int Pending => Silent.Count + Waiting.Count;

    public bool IsEmpty => Pending == 0 && InFlight.Count == 0 && !IsInTurn;

    public static UInt128 KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var value = UInt128.Zero;
        foreach (var part in bytes[..(address.AddressFamily == AddressFamily.InterNetworkV6 ? length / 2 : length)])
        {
            value = (value << 8) | part;
        }

        // The family is part of the key: no IPv6 prefix may share an IPv4 address's fate.
        return (value << 8) | (byte)length;
    }
}
