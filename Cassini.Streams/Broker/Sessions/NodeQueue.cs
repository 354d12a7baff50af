using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// What is kept for another node of the fleet while it is gone: messages of QoS 1 and 2 for those of its sessions that outlive it. It is a
/// session that never has a connection, with the filters of these sessions in a tree of its own, so it is stored, bounded, shown and
/// ended like any other. Thread-safe.
/// </summary>
/// <param name="node">The other node.</param>
/// <param name="session">The session.</param>
/// <param name="tree">Its subscriptions.</param>
internal sealed class NodeQueue(string node, Session session, SubscriptionTree tree)
{
    /// <summary>What the client identifiers of these sessions begin with: no client of a fleet may have one of them.</summary>
    public const string Prefix = "$node/";

    /// <summary>The identity whose these sessions are.</summary>
    public const string Identity = "$fleet";

    /// <summary>How long it is kept: as long as the fleet remembers a node that is lost.</summary>
    public const uint ExpirySeconds = 7 * 24 * 60 * 60;

    /// <summary>The other node.</summary>
    public string Node => node;

    /// <summary>The session.</summary>
    public Session Session => session;

    public Account Account => session.Account;

    /// <summary>Whether nothing is kept.</summary>
    public bool IsEmpty => session.Deliveries.Backlog == 0;

    /// <summary>The sequence number of what was kept last.</summary>
    public long Last => session.Deliveries.LastSequence;

    /// <summary>The filters of the sessions that it is for.</summary>
    public IEnumerable<string> Filters => session.Subscriptions.All.Select(subscription => subscription.Filter);

    /// <summary>Whether a session is such a one: no access rule is for it, because it subscribes to what sessions of others did.</summary>
    public static bool IsOne(Session session) => IsOne(session.ClientId, session.Identity);

    /// <inheritdoc cref="IsOne(Session)"/>
    public static bool IsOne(string clientId, string identity) => identity == Identity && IsOne(clientId);

    /// <summary>Whether a client identifier is that of such a session.</summary>
    public static bool IsOne(string clientId) => clientId.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>It is for these filters as well.</summary>
    public void AddFilters(IEnumerable<string> filters)
    {
        foreach (var filter in filters.Except(Filters, StringComparer.Ordinal).ToList())
        {
            session.Subscriptions.Add(new Subscription(
                session, filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: true, []));
        }
    }

    /// <summary>Keeps a message, if any of these sessions wants it.</summary>
    /// <returns>Whether any does.</returns>
    public bool TryAdd(ref Publication message, FlushSet flushes)
    {
        if (tree.Match(message.Topic.Utf8).Subscriptions is not [var subscription, ..] || !session.KeepsMessages)
        {
            return false;
        }

        session.Deliver(ref message, subscription, flushes);
        return true;
    }

    /// <inheritdoc cref="DeliveryQueue.ExportAsync"/>
    public IAsyncEnumerable<MovedMessage> ReadAsync(CancellationToken cancellationToken) =>
        session.Deliveries.ExportAsync(cancellationToken);

    /// <summary>Messages with these sequence numbers are stored on the other node, or have expired.</summary>
    public void Remove(IEnumerable<long> sequences) => session.Deliveries.Remove(sequences);
}
