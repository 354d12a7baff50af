using System.Net;
using System.Net.Sockets;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// The connections at the gate of one address (IPv6: of one /64, because one host can have all of it). Belongs to the gate's lock.
/// </summary>
internal sealed class GateAddress
{
    public GateAddress(UInt128 key, long now)
    {
        Key = key;
        LastSuccess = now;
        PendingNode = new LinkedListNode<GateAddress>(this);
    }

    public UInt128 Key { get; }

    /// <summary>No byte yet; oldest first.</summary>
    public LinkedList<GatePass> Silent { get; } = new();

    /// <summary>Waiting for a slot; oldest first. Slots go to the newest: the old ones are those that gave up or attack.</summary>
    public LinkedList<GatePass> Waiting { get; } = new();

    /// <summary>With a slot; oldest first.</summary>
    public LinkedList<GatePass> InFlight { get; } = new();

    /// <summary>Whether it is in the queue of addresses that are served in turn.</summary>
    public bool IsInTurn { get; set; }

    /// <summary>When a handshake last succeeded, or the address came: a timestamp.</summary>
    public long LastSuccess { get; set; }

    /// <summary>The node among the addresses that have as many pending connections.</summary>
    public LinkedListNode<GateAddress> PendingNode { get; }

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

        // The family is part of the key: no IPv6 prefix may be counted with an IPv4 address.
        return (value << 8) | (byte)length;
    }
}
