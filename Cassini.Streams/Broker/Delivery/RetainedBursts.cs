using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The subscriptions of one session that have still to get retained messages, in the order in which they were made; one burst for each
/// filter. They outlive a connection. Belongs to the session's lock.
/// </summary>
internal sealed class RetainedBursts(RetainedMessages retained, AccountMemory memory)
{
    /// <summary>
    /// To ask so few bursts for each message that is being published costs little. Of more, a message asks each only once, and that is
    /// remembered.
    /// </summary>
    private const int Few = 8;

    private readonly SettledRetained _settled = new(memory);
    private List<RetainedBurst>? _bursts;

    /// <summary>The same by their filters.</summary>
    private Dictionary<string, RetainedBurst>? _byFilter;
    private long _made;

    public int Count => _bursts?.Count ?? 0;

    /// <summary>The one whose turn it is; null when there is none that may be sent.</summary>
    public RetainedBurst? Current => _bursts is [{ IsStarted: true } first, ..] ? first : null;

    /// <summary>A subscription is to get the retained messages, from the first on.</summary>
    /// <param name="subscription">The subscription; not shared.</param>
    /// <param name="upTo">The last number that it gets, in the order of retained messages and subscriptions; it never falls.</param>
    public void Add(Subscription subscription, long upTo)
    {
        Remove(subscription.Filter);
        var search = retained.Search(MqttText.Encode(subscription.Filter), upTo);
        var burst = new RetainedBurst(++_made, upTo, subscription, search, _settled);
        memory.Take(burst.Cost);
        (_bursts ??= []).Add(burst);
        (_byFilter ??= new(StringComparer.Ordinal)).Add(subscription.Filter, burst);
    }

    /// <summary>A subscription was made again and wants no retained messages: it gets those that it was to get before.</summary>
    public void Replace(Subscription subscription)
    {
        if (_byFilter?.GetValueOrDefault(subscription.Filter) is { } burst)
        {
            burst.Subscription = subscription;
        }
    }

    /// <summary>A subscription gets no more of them.</summary>
    public void Remove(string filter)
    {
        if (_byFilter?.GetValueOrDefault(filter) is { } burst)
        {
            RemoveAt(FirstAfter(burst.Number - 1));
        }
    }

    /// <summary>Whether a subscription has still to get some.</summary>
    public bool Contains(string filter) => _byFilter?.ContainsKey(filter) is true;

    /// <summary>The SUBACKs are sent.</summary>
    public void Start() => _bursts?.ForEach(burst => burst.IsStarted = true);

    /// <summary>The current one has sent everything.</summary>
    public void EndCurrent() => RemoveAt(0);

    /// <summary>The session has ended.</summary>
    public void Clear()
    {
        while (_bursts is { Count: > 0 })
        {
            RemoveAt(_bursts.Count - 1);
        }
    }

    /// <summary>Finds the retained message of a topic, if a burst may have still to send it.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="now">A timestamp.</param>
    public FoundRetained? Find(Topic topic, long now) =>
        _bursts is [.., var newest] && retained.Find(topic.Utf8) is { Message: { } message } node
            && message.RetainedPlace <= newest.UpTo && message.IsCurrent(now)
            ? new FoundRetained(node, message, now)
            : null;

    /// <summary>The next burst that has still to send a message which was found.</summary>
    /// <returns>Null when there is none.</returns>
    public RetainedBurst? NextAhead(in FoundRetained found)
    {
        var from = FirstAfter(_settled.UpTo(found.Node, found.Message));
        for (var i = from; i < Count; i++)
        {
            if (_bursts![i].Includes(found.Node, found.Message, found.Now))
            {
                Remember(found, from, i);
                return _bursts[i];
            }
        }

        Remember(found, from, Count);
        return null;
    }

    /// <summary>
    /// Whether there is memory to note that a burst has sent a message before its turn; else it would send that once more, after the newer
    /// one.
    /// </summary>
    public bool MayTakeAhead(in FoundRetained found) => !memory.IsOverShare || _settled.Knows(found.Node);

    /// <summary>A burst that <see cref="NextAhead"/> returned has sent the message.</summary>
    public void TakeAhead(in FoundRetained found, RetainedBurst burst)
    {
        burst.TakeAhead(found.Message);
        _settled.Settle(found.Node, found.Message, burst.Number);
    }

    private void Remember(in FoundRetained found, int from, int to)
    {
        if (to > from && Count > Few && !memory.IsClosed)
        {
            _settled.Settle(found.Node, found.Message, _bursts![to - 1].Number);
        }
    }

    /// <summary>The index of the first burst with a higher number.</summary>
    private int FirstAfter(long number)
    {
        var (from, to) = (0, Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = _bursts![middle].Number > number ? (from, middle) : (middle + 1, to);
        }

        return from;
    }

    private void RemoveAt(int at)
    {
        memory.Return(_bursts![at].Cost);
        _byFilter!.Remove(_bursts[at].Subscription.Filter);
        _bursts.RemoveAt(at);
        if (_bursts.Count == 0)
        {
            (_bursts, _byFilter) = (null, null);
            _settled.Clear();
        }
    }
}

/// <summary>The retained message of a topic for which a newer one has come.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Message">The message.</param>
/// <param name="Now">When it was found: a timestamp.</param>
internal readonly record struct FoundRetained(RetainedNode Node, StoredMessage Message, long Now);
