using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>The connections of one peer at the gate. Used only under the gate's lock.</summary>
internal sealed class GateAddress
{
    public GateAddress(PeerKey key, long now)
    {
        Key = key;
        LastSuccess = now;
        PendingNode = new LinkedListNode<GateAddress>(this);
    }

    public PeerKey Key { get; }

    /// <summary>Connections that have sent no byte yet, oldest first.</summary>
    public LinkedList<GatePass> Silent { get; } = new();

    /// <summary>
    /// Connections that wait for a slot, oldest first. The newest one gets the next slot, because old ones have probably given up, or
    /// belong to an attack.
    /// </summary>
    public LinkedList<GatePass> Waiting { get; } = new();

    /// <summary>Connections with a slot, oldest first.</summary>
    public LinkedList<GatePass> InFlight { get; } = new();

    /// <summary>Whether the address is in the queue of those that get slots in turn.</summary>
    public bool IsInTurn { get; set; }

    /// <summary>The timestamp of the last handshake that succeeded; before the first, that of the address's first connection.</summary>
    public long LastSuccess { get; set; }

    /// <summary>The node among the addresses that have as many pending connections.</summary>
    public LinkedListNode<GateAddress> PendingNode { get; }

    public int Pending => Silent.Count + Waiting.Count;

    public bool IsEmpty => Pending == 0 && InFlight.Count == 0 && !IsInTurn;
}
