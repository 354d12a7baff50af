using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>What a peer wants: subscriptions of the peer in the tree of this node. For one thread at a time.</summary>
/// <param name="tree">The subscriptions.</param>
/// <param name="subscriber">Stands for the peer.</param>
internal sealed class PeerInterest(SubscriptionTree tree, Subscriber subscriber)
{
    private readonly Dictionary<string, (Subscription Subscription, FilterClass Class)> _filters = new(StringComparer.Ordinal);

    private readonly Dictionary<string, Subscription> _shares = new(StringComparer.Ordinal);

    private readonly Dictionary<ulong, ClientClaim> _clients = [];

    /// <summary>Clients whose sessions it wants or has. Of one that is lost, those whose sessions wait for it.</summary>
    public IReadOnlyDictionary<ulong, ClientClaim> Clients => _clients;

    /// <summary>The version that is in the tree; 0 for none.</summary>
    public long Version { get; private set; }

    /// <summary>Takes a change.</summary>
    /// <returns>False when changes before it are missing: all of it must be asked for.</returns>
    public bool TryApply(InterestDelta delta)
    {
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

    /// <summary>The filters of sessions that outlive it.</summary>
    public IEnumerable<string> KeptFilters => _filters.Where(one => one.Value.Class == FilterClass.Kept).Select(one => one.Key);

    /// <summary>It is known what it wanted before this node was started.</summary>
    public void Restore(IEnumerable<string> kept)
    {
        foreach (var filter in kept)
        {
            Put(new WantedFilter(filter, FilterClass.Kept));
        }
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

    private void Put(WantedFilter wanted)
    {
        var qos = wanted.Class == FilterClass.Fast ? QualityOfService.AtMostOnce : QualityOfService.ExactlyOnce;
        var known = _filters.GetValueOrDefault(wanted.Filter).Subscription;
        if (known?.QoS == qos)
        {
            _filters[wanted.Filter] = (known, wanted.Class);
            return;
        }

        if (!TopicFilter.TryParse(MqttText.Encode(wanted.Filter), out var share, out _) || !share.IsEmpty)
        {
            return;
        }

        // Before the one that it replaces is removed: no message must pass between the two. It finds nothing among retained messages, so
        // it must get those that are being published.
        var subscription = new Subscription(subscriber, wanted.Filter, qos, noLocal: false, retainAsPublished: false, []) { Place = 0 };
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
