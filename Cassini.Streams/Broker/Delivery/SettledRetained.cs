using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// For which bursts of one session a retained message needs no look any more when a newer message of its topic comes: up to a number,
/// each burst has sent it before its turn, found it too large for the client, or had not to send it. Holds no message. Belongs to the
/// session's lock.
/// </summary>
internal sealed class SettledRetained(AccountMemory memory)
{
    /// <summary>About how much memory an entry takes, with its part of the table, in bytes.</summary>
    private const int Cost = 96;

    private const int FirstReview = 1_024;

    private Dictionary<RetainedNode, (long Place, long UpTo)>? _entries;
    private int _reviewAt = FirstReview;

    /// <summary>The number of the last burst for which a message is settled; 0 for none.</summary>
    public long UpTo(RetainedNode node, StoredMessage message) =>
        _entries is not null && _entries.TryGetValue(node, out var entry) && entry.Place == message.RetainedPlace ? entry.UpTo : 0;

    /// <summary>Whether there is an entry for a topic, of this message or of one before: then another takes no more memory.</summary>
    public bool Knows(RetainedNode node) => _entries?.ContainsKey(node) is true;

    /// <summary>A message is settled for all bursts up to a number.</summary>
    public void Settle(RetainedNode node, StoredMessage message, long upTo)
    {
        if (_entries?.Count >= _reviewAt)
        {
            Review(_entries);
        }

        _entries ??= [];
        memory.Take(Knows(node) ? 0 : Cost);
        _entries[node] = (message.RetainedPlace, upTo);
    }

    /// <summary>The search of a burst has come to a message. The entry goes if no later burst needs it.</summary>
    /// <returns>Whether it was settled for the burst before its turn.</returns>
    public bool Take(RetainedNode node, StoredMessage message, long burst)
    {
        var upTo = UpTo(node, message);
        if (upTo == burst)
        {
            _entries!.Remove(node);
            memory.Return(Cost);
        }

        return upTo >= burst;
    }

    /// <summary>There are no more bursts.</summary>
    public void Clear()
    {
        memory.Return(Cost * (long)(_entries?.Count ?? 0));
        _entries = null;
        _reviewAt = FirstReview;
    }

    /// <summary>
    /// Forgets messages that were replaced or removed. So there are never many more entries than retained messages, even if the session
    /// always has a burst.
    /// </summary>
    private void Review(Dictionary<RetainedNode, (long Place, long UpTo)> entries)
    {
        foreach (var (node, entry) in entries)
        {
            if (node.Message?.RetainedPlace != entry.Place)
            {
                entries.Remove(node);
                memory.Return(Cost);
            }
        }

        _reviewAt = Math.Max(FirstReview, 2 * entries.Count);
    }
}
