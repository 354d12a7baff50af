using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>What a peer wants: subscriptions of the peer in the tree of this node. For one thread at a time.</summary>
/// <param name="tree">The subscriptions.</param>
/// <param name="subscriber">Stands for the peer.</param>
internal sealed class PeerInterest(SubscriptionTree tree, Subscriber subscriber)
{
    private readonly Dictionary<string, Subscription> _filters = new(StringComparer.Ordinal);

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

        Version = delta.To;
        return true;
    }

    /// <summary>The peer is lost: it wants nothing.</summary>
    public void Clear()
    {
        foreach (var subscription in _filters.Values)
        {
            tree.Remove(subscription);
        }

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

        Version = all.To;
    }

    private void Put(WantedFilter wanted)
    {
        var qos = wanted.Class == FilterClass.Fast ? QualityOfService.AtMostOnce : QualityOfService.ExactlyOnce;
        var known = _filters.GetValueOrDefault(wanted.Filter);
        if (known?.QoS == qos || !TopicFilter.TryParse(MqttText.Encode(wanted.Filter), out _, out _))
        {
            return;
        }

        // Before the one that it replaces is removed: no message must pass between the two. It finds nothing among retained messages, so
        // it must get those that are being published.
        var subscription = new Subscription(subscriber, wanted.Filter, qos, noLocal: false, retainAsPublished: false, []) { Place = 0 };
        _filters[wanted.Filter] = subscription;
        tree.Add(subscription);
        if (known is not null)
        {
            tree.Remove(known);
        }
    }

    private void Remove(string filter)
    {
        if (_filters.Remove(filter, out var known))
        {
            tree.Remove(known);
        }
    }
}
