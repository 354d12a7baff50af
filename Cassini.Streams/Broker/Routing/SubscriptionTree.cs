using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// All subscriptions by their filters. Finding the matches of a topic takes no lock; its cost depends on the number of levels and
/// matches, not on the number of subscriptions. Thread-safe.
/// </summary>
/// <remarks>Its lock is taken after those of a session and of the retained messages, never before them.</remarks>
internal sealed class SubscriptionTree
{
    private readonly Lock _lock = new();
    private readonly TopicNode _root = new([], null);
    private long _version;
    private int _count;
    private long _place;
    private IHashedSubscriptions[] _hashed = [];

    /// <summary>Increases after each change.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>The last number that was given out in the order of retained messages and subscriptions.</summary>
    public long LastPlace
    {
        get
        {
            lock (_lock)
            {
                return _place;
            }
        }
    }

    /// <summary>Hears of each change; null for nobody. Set it before the first subscription.</summary>
    public IInterest? Interest { get; set; }

    /// <summary>How many subscriptions of this node there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Gives a message the next number in the order of retained messages and subscriptions. Call it only when the message can be found:
    /// then each subscription either finds it, or is in the tree before the message looks for its subscribers.
    /// </summary>
    public void TakePlace(StoredMessage message)
    {
        lock (_lock)
        {
            // Under the lock, because a subscription with this number or a later one must see that the message has it.
            message.RetainedPlace = ++_place;
        }
    }

    /// <summary>
    /// Adds a subscription with a valid filter. It gets the next number, unless it has the number of the one that it replaces.
    /// </summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="isFirst">Whether it is the first of those of this node that share it.</param>
    /// <returns>Those that share it, if it is shared: they must hear when its subscriber cannot be reached.</returns>
    public SharedGroup? Add(Subscription subscription, out bool isFirst)
    {
        var place = FilterPlace.Of(subscription.Filter);
        SharedGroup? group = null;
        isFirst = false;
        lock (_lock)
        {
            if (subscription.Place == Subscription.NoPlace)
            {
                subscription.Place = _place;
            }

            var node = Find(place, create: true)!;
            if (place.ShareName is { } name)
            {
                group = FindOrAddGroup(node, name, subscription.Filter, place.Below);
                isFirst = !group.HasMembers;
                group.Add(subscription);
            }
            else
            {
                node.Add(subscription, place.Below);
            }

            Changed(subscription, 1);
        }

        return group;
    }

    /// <inheritdoc cref="Add(Subscription, out bool)"/>
    public SharedGroup? Add(Subscription subscription) => Add(subscription, out _);

    /// <summary>Removes a subscription that was added.</summary>
    /// <returns>
    /// The account that has the place of a shared subscription, which has no member on this node any more; null when there is none.
    /// </returns>
    public Account? Remove(Subscription subscription)
    {
        var place = FilterPlace.Of(subscription.Filter);
        Account? payer = null;
        lock (_lock)
        {
            var node = Find(place, create: false)!;
            if (place.ShareName is { } name)
            {
                var group = node.FindGroup(name, place.Below)!;
                group.Remove(subscription);
                payer = group.HasMembers ? null : group.TakePayer();
                if (group.IsEmpty)
                {
                    node.RemoveGroup(group, place.Below);
                }
            }
            else
            {
                node.Remove(subscription, place.Below);
            }

            Prune(node);
            Changed(subscription, -1);
        }

        return payer;
    }

    /// <summary>Another node has members of a shared subscription, or another number of them.</summary>
    /// <param name="peer">Stands for them: the same each time. Its filter is that of the shared subscription.</param>
    /// <param name="reachable">How many can be reached.</param>
    /// <param name="lasting">How many can be reached, or keep messages while they cannot; 0 for none any more.</param>
    public void PutMembers(Subscription peer, int reachable, int lasting)
    {
        var place = FilterPlace.Of(peer.Filter);
        lock (_lock)
        {
            if (Find(place, create: lasting > 0) is not { } node)
            {
                return;
            }

            var group = lasting > 0
                ? FindOrAddGroup(node, place.ShareName!, peer.Filter, place.Below)
                : node.FindGroup(place.ShareName!, place.Below);
            if (group?.Put(peer, reachable, lasting) is not true)
            {
                return;
            }

            if (group.IsEmpty)
            {
                node.RemoveGroup(group, place.Below);
                Prune(node);
            }

            Volatile.Write(ref _version, _version + 1);
        }
    }

    /// <summary>From now on routes have these subscriptions as well.</summary>
    public void Add(IHashedSubscriptions hashed)
    {
        lock (_lock)
        {
            Volatile.Write(ref _hashed, [.. _hashed, hashed]);
        }

        OnHashedChanged();
    }

    /// <summary>Routes have these subscriptions no more.</summary>
    public void Remove(IHashedSubscriptions hashed)
    {
        lock (_lock)
        {
            Volatile.Write(ref _hashed, [.. _hashed.Where(one => one != hashed)]);
        }

        OnHashedChanged();
    }

    /// <summary>Some of those that were added have changed: routes that were found before that are not valid any more.</summary>
    public void OnHashedChanged()
    {
        lock (_lock)
        {
            Volatile.Write(ref _version, _version + 1);
        }
    }

    /// <summary>Finds the subscribers of a topic.</summary>
    public Route Match(ReadOnlySpan<byte> topic)
    {
        // The version is read before the search, so that a change meanwhile makes the route invalid at once.
        var version = Version;
        var matches = Matches.Rent();
        Collect(_root, topic, matches, isFirst: true);
        CollectHashed(topic, matches);
        var route = new Route(
            version, matches.Merge(), [.. matches.Groups],
            matches.Visited + ((matches.Subscriptions.Count + matches.Groups.Count) / Route.FoundInAStep));
        matches.Clear();
        return route;
    }

    /// <summary>Finds the members of a shared subscription.</summary>
    /// <param name="filter">Its whole filter, <c>$share/NAME/FILTER</c>.</param>
    /// <returns>Null when it has none on any node.</returns>
    public SharedGroup? FindGroup(string filter)
    {
        var place = FilterPlace.Of(filter);
        lock (_lock)
        {
            return Find(place, create: false)?.FindGroup(place.ShareName!, place.Below);
        }
    }

    /// <summary>
    /// Every subscription in the tree that matches a topic, each as its client asked for it; of a share, those of all members.
    /// </summary>
    public IReadOnlyList<Subscription> Find(ReadOnlySpan<byte> topic)
    {
        var matches = Matches.Rent();
        Collect(_root, topic, matches, isFirst: true);
        List<Subscription> found = [.. matches.Subscriptions];
        foreach (var group in matches.Groups)
        {
            found.AddRange(group.Members);
        }

        matches.Clear();
        return found;
    }

    private void CollectHashed(ReadOnlySpan<byte> topic, Matches matches)
    {
        var hashed = Volatile.Read(ref _hashed);
        if (hashed.Length == 0)
        {
            return;
        }

        var hash = HashedTopics.HashOf(topic);
        matches.Visited += hashed.Length;
        foreach (var one in hashed)
        {
            if (one.Find(hash) is { } subscription)
            {
                matches.Subscriptions.Add(subscription);
            }
        }
    }

    private static void Collect(TopicNode node, ReadOnlySpan<byte> levels, Matches matches, bool isFirst)
    {
        while (true)
        {
            matches.Visited++;

            // Wildcards in the first level do not match the server's own topics [MQTT-4.7.2-1].
            var wildcards = !isFirst || !TopicName.IsSystem(levels);
            if (wildcards)
            {
                node.CopyBelowTo(matches);
            }

            var level = TopicFilter.NextLevel(ref levels, out var isLast);
            if (wildcards && node.Any is { } any)
            {
                Enter(any, levels, isLast, matches);
            }

            if (node.Child(level) is not { } child)
            {
                return;
            }

            if (isLast)
            {
                Enter(child, levels, isLast: true, matches);
                return;
            }

            node = child;
            isFirst = false;
        }
    }

    private static void Enter(TopicNode node, ReadOnlySpan<byte> levels, bool isLast, Matches matches)
    {
        if (!isLast)
        {
            Collect(node, levels, matches, isFirst: false);
            return;
        }

        // "sport/#" also matches "sport" (§4.7.1.2).
        node.CopyTo(matches);
        node.CopyBelowTo(matches);
    }

    private TopicNode? Find(FilterPlace place, bool create)
    {
        var node = _root;
        if (place.Levels is null)
        {
            return node;
        }

        ReadOnlySpan<byte> levels = place.Levels;
        while (node is not null)
        {
            var level = TopicFilter.NextLevel(ref levels, out var isLast);
            node = create ? node.GetOrAdd(level) : level is [(byte)'+'] ? node.Any : node.Child(level);
            if (isLast)
            {
                break;
            }
        }

        return node;
    }

    private SharedGroup FindOrAddGroup(TopicNode node, string name, string filter, bool below)
    {
        if (node.FindGroup(name, below) is { } known)
        {
            return known;
        }

        var group = new SharedGroup(name, filter, Interest);
        node.AddGroup(group, below);
        return group;
    }

    private static void Prune(TopicNode node)
    {
        while (node.IsEmpty && node.Parent is { } parent)
        {
            parent.Remove(node);
            node = parent;
        }
    }

    private void Changed(Subscription subscription, int by)
    {
        if (subscription.Subscriber.IsListed)
        {
            Volatile.Write(ref _count, _count + by);
        }
        else if (!subscription.Subscriber.IsPeer)
        {
            // The health probe's subscription is not counted, and it matches only topics whose routes are not kept.
            return;
        }

        Volatile.Write(ref _version, _version + 1);
        if (Interest is { } interest && !subscription.Subscriber.IsPeer)
        {
            if (by > 0)
            {
                interest.OnAdded(subscription);
            }
            else
            {
                interest.OnRemoved(subscription);
            }
        }
    }
}
