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
}
