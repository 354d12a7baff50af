using Cassini.Streams.Broker.Model;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// A session is moving here from another node. What is published for it meanwhile comes after what it had there, so it is kept here until
/// all of that has come. Both nodes get the same messages for a while: each is taken once. What a peer sent before its mark is not taken,
/// because the other node has it; nor is what was published here before this node has sent its own. Belongs to the session's lock.
/// </summary>
/// <param name="options">How much may be kept.</param>
/// <param name="tally">Counts it.</param>
internal sealed class Arriving(BrokerOptions options, MemoryTally tally)
{
    private readonly List<(QueuedMessage Message, ulong Origin)> _kept = [];
    private readonly HashSet<ulong> _come = [];
    private readonly HashSet<Subscriber> _open = [];
    private bool _isOwnOpen;

    /// <summary>Whether something could not be kept: then the session cannot come.</summary>
    public bool HasLost { get; private set; }

    /// <summary>The mark of a peer has come.</summary>
    /// <param name="peer">The peer; null when this node is about to send its own.</param>
    public void Open(Subscriber? peer)
    {
        if (peer is null)
        {
            _isOwnOpen = true;
        }
        else
        {
            _open.Add(peer);
        }
    }

    /// <summary>Whether what a peer sends is taken.</summary>
    /// <param name="peer">The peer; null for what is published here.</param>
    public bool IsOpen(Subscriber? peer) => peer is null ? _isOwnOpen : _open.Contains(peer);

    /// <summary>A message was published for it.</summary>
    public void Keep(in QueuedMessage message, ulong origin)
    {
        if (_kept.Count >= options.MaxQueuedMessages || tally.Memory.IsClosedToAbsent)
        {
            HasLost = true;
            return;
        }

        message.Hold(tally);
        _kept.Add((message, origin));
    }

    /// <summary>A message came from the other node.</summary>
    public void Come(ulong origin)
    {
        if (origin != 0)
        {
            _come.Add(origin);
        }
    }

    /// <summary>Takes out what was kept, without what came from the other node as well.</summary>
    public List<QueuedMessage> TakeAll()
    {
        var rest = new List<QueuedMessage>(_kept.Count);
        foreach (var (message, origin) in _kept)
        {
            message.Release(tally);
            if (!_come.Remove(origin))
            {
                rest.Add(message);
            }
        }

        _kept.Clear();
        return rest;
    }

    /// <summary>What came from the other node and may still come from the node that published it; null for nothing.</summary>
    public HashSet<ulong>? StillToCome => _come.Count > 0 ? _come : null;
}
