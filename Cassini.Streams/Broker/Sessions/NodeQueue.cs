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

    private const int Wanted = 1;

    private readonly Subscription _ofTopics = Make(session, "#");

    /// <summary>The topics that its subscriptions stand for; null as long as nobody has asked for those that were restored.</summary>
    private HashedTopics? _topics;

    /// <summary>The other node.</summary>
    public string Node => node;

    /// <summary>The session.</summary>
    public Session Session => session;

    public Account Account => session.Account;

    /// <summary>Whether nothing is kept.</summary>
    public bool IsEmpty => session.Deliveries.Backlog == 0;

    /// <summary>The sequence number of what was kept last.</summary>
    public long Last => session.Deliveries.LastSequence;

    /// <summary>The filters with wildcards of the sessions that it is for.</summary>
    public IEnumerable<string> Filters => AllFilters.Where(filter => !KeptTopics.IsOne(filter));

    /// <summary>The hashes of their filters without wildcards.</summary>
    public IEnumerable<ulong> Topics => AllFilters.Where(KeptTopics.IsOne).SelectMany(KeptTopics.Read);

    private IEnumerable<string> AllFilters => session.Subscriptions.All.Select(subscription => subscription.Filter);

    /// <summary>Whether a session is such a one: no access rule is for it, because it subscribes to what sessions of others did.</summary>
    public static bool IsOne(Session session) => IsOne(session.ClientId, session.Identity);

    /// <inheritdoc cref="IsOne(Session)"/>
    public static bool IsOne(string clientId, string identity) => identity == Identity && IsOne(clientId);

    /// <summary>Whether a client identifier is that of such a session.</summary>
    public static bool IsOne(string clientId) => clientId.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>It is for these as well.</summary>
    /// <param name="filters">Filters with wildcards.</param>
    /// <param name="topics">The hashes of filters without.</param>
    public void Add(IEnumerable<string> filters, IEnumerable<ulong> topics)
    {
        var all = AllFilters.ToHashSet(StringComparer.Ordinal);
        var wanted = all.Where(KeptTopics.IsOne).SelectMany(KeptTopics.Read).ToHashSet(HashComparer.Instance);
        wanted.UnionWith(topics);
        var after = KeptTopics.Write(wanted).ToHashSet(StringComparer.Ordinal);
        foreach (var filter in filters.Concat(after).Where(filter => !all.Contains(filter)).ToList())
        {
            session.Subscriptions.Add(Make(session, filter));
        }

        // Behind those that replace them: each topic is among them also when the process ends in between.
        foreach (var filter in all.Where(filter => KeptTopics.IsOne(filter) && !after.Contains(filter)))
        {
            session.Subscriptions.Remove(filter);
        }

        Volatile.Write(ref _topics, TableOf(wanted));
    }

    /// <summary>Keeps a message, if any of these sessions wants it.</summary>
    /// <returns>Whether any does.</returns>
    public bool TryAdd(ref Publication message, FlushSet flushes)
    {
        var topic = message.Topic.Utf8;
        var subscription = Hashed()[HashedTopics.HashOf(topic)] == Wanted ? _ofTopics : tree.Match(topic).Subscriptions.FirstOrDefault();
        if (subscription is null || !session.KeepsMessages)
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

    private static Subscription Make(Session session, string filter) =>
        new(session, filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: true, []);

    private static HashedTopics TableOf(IEnumerable<ulong> hashes)
    {
        var topics = new HashedTopics();
        foreach (var hash in hashes)
        {
            topics.Set(hash, Wanted);
        }

        return topics;
    }

    /// <remarks>Never in place of what <see cref="Add"/> has made meanwhile.</remarks>
    private HashedTopics Hashed() => Volatile.Read(ref _topics)
        ?? Interlocked.CompareExchange(ref _topics, TableOf(Topics), null) ?? _topics!;
}
