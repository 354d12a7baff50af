using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// What is kept for another node of the fleet while it is gone: messages of QoS 1 and 2 for those of its sessions that outlive it. It is a
/// session that never has a connection, with the filters of these sessions in a tree of its own, so it is stored, bounded, shown and
/// ended like any other. It also knows whose sessions they were: each gets its messages wherever it is by then. Thread-safe.
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

    /// <summary>As many as are published while a session moves, or until a node is known to be back.</summary>
    private const int MostOrigins = 10_000;

    private readonly Subscription _ofTopics = Make(session, "#");
    private readonly Lock _noting = new();
    private readonly Dictionary<long, ulong> _origins = [];

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
    public IEnumerable<string> Filters => AllFilters.Where(filter => !KeptHashes.IsAny(filter));

    /// <summary>The hashes of their filters without wildcards.</summary>
    public IEnumerable<ulong> Topics => Read(KeptHashes.Topics);

    /// <summary>Hashes of the clients whose sessions it is for.</summary>
    public IReadOnlySet<ulong> Clients => _clients ??= ReadSet(KeptHashes.Clients);

    // Only asked for, and changed, under the lock of the node.
    private HashSet<ulong>? _clients;

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
    /// <param name="clients">Hashes of the clients.</param>
    public void Add(IEnumerable<string> filters, IEnumerable<ulong> topics, IEnumerable<ulong> clients)
    {
        var known = AllFilters.ToHashSet(StringComparer.Ordinal);
        foreach (var filter in filters.Where(filter => !known.Contains(filter)).ToList())
        {
            session.Subscriptions.Add(Make(session, filter));
        }

        var wanted = ReadSet(KeptHashes.Topics);
        wanted.UnionWith(topics);
        Write(KeptHashes.Topics, wanted);
        Volatile.Write(ref _topics, TableOf(wanted));
        var all = Clients.Union(clients).ToHashSet(HashComparer.Instance);
        Write(KeptHashes.Clients, all);
        _clients = all;
    }

    /// <summary>It is for these clients no more: they have all of it, or other sessions.</summary>
    public void RemoveClients(IEnumerable<ulong> clients)
    {
        var left = Clients.Except(clients).ToHashSet(HashComparer.Instance);
        Write(KeptHashes.Clients, left);
        _clients = left;
    }

    /// <summary>
    /// The numbers in the fleet of the messages that were kept last, by their sequence numbers: a copy of one may come to the same session
    /// by another way.
    /// </summary>
    public Dictionary<long, ulong> LastOrigins()
    {
        lock (_noting)
        {
            return new Dictionary<long, ulong>(_origins);
        }
    }

    /// <summary>The number in the fleet of a message; 0 when it is not of the last ones.</summary>
    public ulong OriginOf(long sequence)
    {
        lock (_noting)
        {
            return _origins.GetValueOrDefault(sequence);
        }
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

        var before = Last;
        session.Deliver(ref message, subscription, flushes);
        lock (_noting)
        {
            if (Last is var last && last > before)
            {
                _origins[last] = message.Origin;
                _origins.Remove(last - MostOrigins);
            }
        }

        return true;
    }

    /// <inheritdoc cref="DeliveryQueue.ExportAsync"/>
    public IAsyncEnumerable<MovedMessage> ReadAsync(CancellationToken cancellationToken) =>
        session.Deliveries.ExportAsync(cancellationToken);

    /// <summary>Messages with these sequence numbers are stored on the other node, or have expired.</summary>
    public void Remove(IEnumerable<long> sequences) => session.Deliveries.Remove(sequences);

    private static Subscription Make(Session session, string filter) =>
        new(session, filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: true, []);

    private IEnumerable<ulong> Read(KeptHashes kind) => AllFilters.Where(kind.IsOne).SelectMany(kind.Read);

    private HashSet<ulong> ReadSet(KeptHashes kind) => Read(kind).ToHashSet(HashComparer.Instance);

    private void Write(KeptHashes kind, HashSet<ulong> hashes)
    {
        var before = AllFilters.Where(kind.IsOne).ToHashSet(StringComparer.Ordinal);
        var after = kind.Write(hashes).ToHashSet(StringComparer.Ordinal);
        foreach (var filter in after.Where(filter => !before.Contains(filter)))
        {
            session.Subscriptions.Add(Make(session, filter));
        }

        // Behind those that replace them: each hash is among them also when the process ends in between.
        foreach (var filter in before.Where(filter => !after.Contains(filter)))
        {
            session.Subscriptions.Remove(filter);
        }
    }

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
