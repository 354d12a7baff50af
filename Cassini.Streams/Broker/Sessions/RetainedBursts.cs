using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The subscriptions of one session that have still to get retained messages, in the order in which they were made; one burst for each
/// filter. They outlive a connection. Belongs to the session's lock.
/// </summary>
internal sealed class RetainedBursts(RetainedMessages retained)
{
    private List<RetainedBurst>? _bursts;

    public int Count => _bursts?.Count ?? 0;

    /// <summary>The one whose turn it is; null when there is none that may be sent.</summary>
    public RetainedBurst? Current => _bursts is [{ IsStarted: true } first, ..] ? first : null;

    /// <summary>All, also those that are not started.</summary>
    public IReadOnlyList<RetainedBurst> All => _bursts ?? [];

    /// <summary>A subscription is to get the retained messages, from the first on.</summary>
    /// <param name="subscription">The subscription; not shared.</param>
    /// <param name="upTo">The last number that it gets, in the order of retained messages and subscriptions.</param>
    public void Add(Subscription subscription, long upTo)
    {
        Remove(subscription.Filter);
        (_bursts ??= []).Add(new RetainedBurst(subscription, retained.Search(MqttText.Encode(subscription.Filter), upTo)));
    }

    /// <summary>A subscription was made again and wants no retained messages: it gets those that it was to get before.</summary>
    public void Replace(Subscription subscription)
    {
        if (_bursts?.Find(burst => burst.Subscription.Filter == subscription.Filter) is { } burst)
        {
            burst.Subscription = subscription;
        }
    }

    /// <summary>A subscription gets no more of them.</summary>
    public void Remove(string filter) => _bursts?.RemoveAll(burst => burst.Subscription.Filter == filter);

    /// <summary>The SUBACKs are sent.</summary>
    public void Start() => _bursts?.ForEach(burst => burst.IsStarted = true);

    /// <summary>The current one has sent everything.</summary>
    public void EndCurrent()
    {
        _bursts!.RemoveAt(0);
        if (_bursts.Count == 0)
        {
            _bursts = null;
        }
    }

    /// <summary>The session has ended.</summary>
    public void Clear() => _bursts = null;
}
