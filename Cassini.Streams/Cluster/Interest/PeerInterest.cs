using System.Collections.Immutable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>
/// What a peer wants: filters with wildcards are subscriptions of the peer in the tree of this node, and those without are in a table
/// beside it. For one thread at a time, but for what the tree asks.
/// </summary>
/// <param name="tree">The subscriptions.</param>
/// <param name="subscriber">Stands for the peer.</param>
internal sealed class PeerInterest(SubscriptionTree tree, Subscriber subscriber) : IHashedSubscriptions
{
    private static readonly int KeptMark = WantedTopic.MarkOf(FilterClass.Kept);

    /// <summary>For all topics in the table, of each class: by the marks of these.</summary>
    private readonly Subscription?[] _ofTopics =
        [null, .. Enum.GetValues<FilterClass>().Select(one => Make(subscriber, "#", one))];

    private readonly Dictionary<string, (Subscription Subscription, FilterClass Class)> _filters = new(StringComparer.Ordinal);

    private readonly Dictionary<string, Subscription> _shares = new(StringComparer.Ordinal);

    private readonly Dictionary<ulong, ClientClaim> _clients = [];

    private HashedTopics? _topics;

    /// <summary>Clients whose sessions it wants or has. Of one that is lost, those whose sessions wait for it.</summary>
    public IReadOnlyDictionary<ulong, ClientClaim> Clients => _clients;

    /// <summary>What stays wanted whatever it says.</summary>
    public PinnedInterest Pinned { get; } = new();

    /// <summary>The version that is in the tree; 0 for none.</summary>
    public long Version { get; private set; }

    /// <summary>Whether it has sessions that outlive it.</summary>
    public bool KeepsAny => KeptFilters.Any() || KeptTopics.Any();

    /// <summary>The filters with wildcards of sessions that outlive it.</summary>
    public IEnumerable<string> KeptFilters => _filters.Where(one => one.Value.Class == FilterClass.Kept).Select(one => one.Key);

    /// <summary>The hashes of their filters without.</summary>
    public IEnumerable<ulong> KeptTopics =>
        (_topics?.All ?? []).Select(value => new WantedTopic(value)).Where(one => one.Mark == KeptMark).Select(one => one.Hash);

    /// <inheritdoc/>
    public Subscription? Find(ulong topic) => Volatile.Read(ref _topics) is { } topics ? _ofTopics[topics[topic]] : null;

    /// <summary>Takes a change.</summary>
    /// <returns>False when changes before it are missing: all of it must be asked for.</returns>
    public bool TryApply(InterestDelta delta)
    {
        delta = Pinned.AddTo(delta);
        if (delta.From == 0)
        {
            Replace(delta);
            return true;
        }

        if (delta.To <= Version)
        {
            // Told twice.
            return true;
        }

        if (delta.From > Version)
        {
            return false;
        }

        // What a snapshot had already is said once more, and changes nothing.
        foreach (var wanted in delta.Wanted)
        {
            Put(wanted);
        }

        foreach (var filter in delta.Unwanted)
        {
            Remove(filter);
        }

        Put(delta.Topics);
        foreach (var claim in delta.Claims)
        {
            _clients[claim.Client] = claim;
        }

        foreach (var client in delta.Released)
        {
            _clients.Remove(client);
        }

        foreach (var share in delta.Shares)
        {
            Put(share);
        }

        Version = delta.To;
        return true;
    }

    /// <summary>A client has a later session on another node.</summary>
    public void Supersede(ulong client) => _clients.Remove(client);

    /// <summary>It is known what it wanted before this node was started.</summary>
    /// <param name="filters"><see cref="KeptFilters"/> of then.</param>
    /// <param name="topics"><see cref="KeptTopics"/> of then.</param>
    public void Restore(IEnumerable<string> filters, IEnumerable<ulong> topics)
    {
        foreach (var filter in filters)
        {
            Put(new WantedFilter(filter, FilterClass.Kept));
        }

        Put([.. topics.Select(topic => new WantedTopic(topic, FilterClass.Kept))]);
        Pinned.Set(KeptFilters, KeptTopics);
    }

    /// <summary>The peer is lost: it wants only what is for sessions that outlive it, and these wait for it.</summary>
    public void Leave()
    {
        ForgetClients();
        RemoveShares();
        foreach (var filter in _filters.Where(one => one.Value.Class != FilterClass.Kept).Select(one => one.Key).ToList())
        {
            Remove(filter);
        }

        Replace([.. KeptTopics.Select(topic => new WantedTopic(topic, FilterClass.Kept))]);
        Version = 0;
    }

    /// <summary>The peer is forgotten: it wants nothing.</summary>
    public void Clear()
    {
        foreach (var (subscription, _) in _filters.Values)
        {
            tree.Remove(subscription);
        }

        RemoveShares();
        Replace([]);
        _clients.Clear();
        _filters.Clear();
        Version = 0;
    }

    private void Replace(InterestDelta all)
    {
        if (all.To < Version)
        {
            return;
        }

        var wanted = all.Wanted.Select(one => one.Filter).ToHashSet(StringComparer.Ordinal);
        foreach (var filter in _filters.Keys.Where(filter => !wanted.Contains(filter)).ToList())
        {
            Remove(filter);
        }

        foreach (var one in all.Wanted)
        {
            Put(one);
        }

        Replace(all.Topics);
        var shared = all.Shares.Select(one => one.Filter).ToHashSet(StringComparer.Ordinal);
        foreach (var filter in _shares.Keys.Where(filter => !shared.Contains(filter)).ToList())
        {
            Put(new SharedFilter(filter, 0, 0));
        }

        foreach (var one in all.Shares)
        {
            Put(one);
        }

        _clients.Clear();
        foreach (var claim in all.Claims)
        {
            _clients[claim.Client] = claim;
        }

        Version = all.To;
    }

    /// <summary>It wants these topics, and no others.</summary>
    private void Replace(ImmutableArray<WantedTopic> all)
    {
        if (all.IsEmpty)
        {
            if (_topics is not null)
            {
                Volatile.Write(ref _topics, null);
                tree.Remove(this);
            }

            return;
        }

        var isFirst = _topics is null;
        var topics = new HashedTopics();
        foreach (var one in all)
        {
            topics.Set(one.Hash, one.Mark);
        }

        Volatile.Write(ref _topics, topics);
        ShowTopics(isFirst);
    }

    private void Put(ImmutableArray<WantedTopic> changes)
    {
        if (changes.IsEmpty)
        {
            return;
        }

        var (topics, isFirst) = (_topics ?? new HashedTopics(), _topics is null);
        foreach (var one in changes)
        {
            topics.Set(one.Hash, one.Mark);
        }

        if (topics.Count == 0)
        {
            Replace([]);
            return;
        }

        Volatile.Write(ref _topics, topics);
        ShowTopics(isFirst);
    }

    private void ShowTopics(bool isFirst)
    {
        if (isFirst)
        {
            tree.Add(this);
        }
        else
        {
            tree.OnHashedChanged();
        }
    }

    /// <remarks>
    /// It finds nothing among retained messages, so it must get those that are being published: its place is before them.
    /// </remarks>
    private static Subscription Make(Subscriber subscriber, string filter, FilterClass wanted) =>
        new(subscriber, filter, QoSOf(wanted), noLocal: false, retainAsPublished: false, []) { Place = 0 };

    private static QualityOfService QoSOf(FilterClass wanted) =>
        wanted == FilterClass.Fast ? QualityOfService.AtMostOnce : QualityOfService.ExactlyOnce;

    private void Put(WantedFilter wanted)
    {
        var known = _filters.GetValueOrDefault(wanted.Filter).Subscription;
        if (known?.QoS == QoSOf(wanted.Class))
        {
            _filters[wanted.Filter] = (known, wanted.Class);
            return;
        }

        // Nobody says those that begin with $: they are a node's own affair.
        if (!TopicFilter.TryParse(MqttText.Encode(wanted.Filter), out var share, out var inner) || !share.IsEmpty
            || inner is [(byte)'$', ..])
        {
            return;
        }

        // Before the one that it replaces is removed: no message must pass between the two.
        var subscription = Make(subscriber, wanted.Filter, wanted.Class);
        _filters[wanted.Filter] = (subscription, wanted.Class);
        tree.Add(subscription);
        if (known is not null)
        {
            tree.Remove(known);
        }
    }

    private void Put(SharedFilter share)
    {
        if (!_shares.TryGetValue(share.Filter, out var members))
        {
            if (share.Lasting == 0 || !TopicFilter.TryParse(MqttText.Encode(share.Filter), out var name, out var inner) || name.IsEmpty
                || inner is [(byte)'$', ..])
            {
                return;
            }

            _shares[share.Filter] = members = new Subscription(
                subscriber, share.Filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: false, []);
        }

        if (share.Lasting == 0)
        {
            _shares.Remove(share.Filter);
        }

        tree.PutMembers(members, share.Reachable, share.Lasting);
    }

    private void RemoveShares()
    {
        foreach (var filter in _shares.Keys.ToList())
        {
            Put(new SharedFilter(filter, 0, 0));
        }
    }

    private void Remove(string filter)
    {
        if (_filters.Remove(filter, out var known))
        {
            tree.Remove(known.Subscription);
        }
    }

    private void ForgetClients()
    {
        foreach (var claim in _clients.Values.Where(claim => claim.Phase != ClaimPhase.Kept).ToList())
        {
            _clients.Remove(claim.Client);
        }
    }
}
