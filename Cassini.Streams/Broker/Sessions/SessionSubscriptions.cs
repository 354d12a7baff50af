using System.Collections.Immutable;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>The subscriptions of one session, by their filters. Thread-safe, by the session's lock.</summary>
/// <param name="sessionLock">The session's lock.</param>
/// <param name="max">
/// The most that there may be; null for the health probe's session: neither a number nor the memory limits its subscriptions.
/// </param>
/// <param name="tree">Where they are found.</param>
/// <param name="sharedPlaces">Limits the shared ones.</param>
/// <param name="memory">The memory of its identity.</param>
/// <param name="journal">Where changes are kept.</param>
/// <param name="deliveries">Sends the retained messages of new ones.</param>
internal sealed class SessionSubscriptions(
    Lock sessionLock,
    int? max,
    SubscriptionTree tree,
    SharedPlaces sharedPlaces,
    AccountMemory memory,
    SessionJournal journal,
    DeliveryQueue deliveries)
{
    private Dictionary<string, Subscription>? _subscriptions;
    private Dictionary<Subscription, SharedGroup>? _shared;
    private bool _hasEnded;

    public int Count
    {
        get
        {
            lock (sessionLock)
            {
                return _subscriptions?.Count ?? 0;
            }
        }
    }

    /// <summary>All of them at this instant.</summary>
    public Subscription[] All
    {
        get
        {
            lock (sessionLock)
            {
                return AllLocked();
            }
        }
    }

    /// <summary>Adds a subscription, in place of one with the same filter [MQTT-3.8.4-3].</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="handling">Whether it is to get the retained messages; not for a shared one (§4.8.2).</param>
    public SubscriptionVerdict Add(Subscription subscription, RetainHandling handling = RetainHandling.DoNotSend)
    {
        lock (sessionLock)
        {
            return AddLocked(subscription, handling);
        }
    }

    /// <returns>Whether there was one.</returns>
    public bool Remove(string filter)
    {
        lock (sessionLock)
        {
            if (_subscriptions?.Remove(filter, out var subscription) is not true)
            {
                return false;
            }

            ForgetLocked(subscription);
            return true;
        }
    }

    /// <summary>Removes this subscription, not one that has taken its place.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(Subscription subscription)
    {
        lock (sessionLock)
        {
            if (_subscriptions?.GetValueOrDefault(subscription.Filter) != subscription || !_subscriptions.Remove(subscription.Filter))
            {
                return false;
            }

            ForgetLocked(subscription);
            return true;
        }
    }

    /// <summary>The session has got or lost its connection, or has ended: the choice among the members of its shares changes.</summary>
    public void ReviewSharedLocked()
    {
        if (_shared is not null)
        {
            foreach (var (subscription, group) in _shared)
            {
                group.Review(subscription);
            }

            _shared = _hasEnded ? null : _shared;
        }
    }

    /// <summary>Takes all out, because the session has ended. They must be removed from the tree.</summary>
    public Subscription[] EndLocked()
    {
        var all = AllLocked();
        _subscriptions = null;
        _hasEnded = true;
        return all;
    }

    /// <summary>Removes from the tree what <see cref="EndLocked"/> took. Without the lock, because there may be many.</summary>
    public void RemoveFromTree(Subscription[] subscriptions)
    {
        foreach (var subscription in subscriptions)
        {
            RemoveFromTree(subscription);
        }
    }

    /// <summary>Restores what the store kept.</summary>
    public void RestoreLocked(Session owner, ImmutableArray<SubscriptionRecord> kept)
    {
        foreach (var record in kept)
        {
            var subscription = new Subscription(
                owner, record.Filter, record.QoS, record.NoLocal, record.RetainAsPublished, [.. record.Identifiers]);
            (_subscriptions ??= []).Add(subscription.Filter, subscription);
            AddToTreeLocked(subscription, hasPlace: false);
            if (record.AwaitsRetained)
            {
                deliveries.ExpectRetainedLocked();
                deliveries.AddRetainedLocked(subscription, tree.LastPlace);
            }
        }
    }

    /// <summary>All as they are stored.</summary>
    public ImmutableArray<SubscriptionRecord> RecordsLocked() => [.. AllLocked().Select(one => new SubscriptionRecord(
        one.Filter, one.QoS, one.NoLocal, one.RetainAsPublished, [.. one.Identifiers], deliveries.AwaitsRetainedLocked(one.Filter)))];

    /// <summary>Takes those that the session had on another node.</summary>
    public void ImportLocked(Session owner, ImmutableArray<SubscriptionRecord> had)
    {
        RestoreLocked(owner, had);
        RewriteLocked();
    }

    /// <summary>Writes all to the store once more.</summary>
    /// <returns>How many there are.</returns>
    public int RewriteLocked()
    {
        foreach (var subscription in _subscriptions?.Values ?? Enumerable.Empty<Subscription>())
        {
            journal.PutSubscription(subscription, deliveries.AwaitsRetainedLocked(subscription.Filter));
        }

        return _subscriptions?.Count ?? 0;
    }

    private Subscription[] AllLocked() => [.. _subscriptions?.Values ?? Enumerable.Empty<Subscription>()];

    private SubscriptionVerdict AddLocked(Subscription subscription, RetainHandling handling)
    {
        _subscriptions ??= [];
        var exists = _subscriptions.TryGetValue(subscription.Filter, out var before);
        var getsRetained = handling == RetainHandling.Send || (handling == RetainHandling.SendIfNew && !exists);
        if (ObjectionLocked(subscription, exists, getsRetained, out var hasPlace) is { } objection)
        {
            return objection;
        }

        if (before is not null)
        {
            subscription.Place = before.Place;
        }

        _subscriptions[subscription.Filter] = subscription;
        if (getsRetained)
        {
            deliveries.ExpectRetainedLocked();
        }

        // The new one first: no message is lost between the two.
        AddToTreeLocked(subscription, hasPlace);
        if (before is not null)
        {
            RemoveLocked(before);
            deliveries.ReplaceRetainedLocked(subscription);
        }

        if (getsRetained)
        {
            // Later messages are delivered by their publishers.
            deliveries.AddRetainedLocked(subscription, exists ? tree.LastPlace : subscription.Place);
        }

        journal.PutSubscription(subscription, deliveries.AwaitsRetainedLocked(subscription.Filter));
        return exists ? SubscriptionVerdict.Replaced : SubscriptionVerdict.Added;
    }

    /// <returns>Why it is refused; null when it is not: then its place is taken, if it needs one.</returns>
    private SubscriptionVerdict? ObjectionLocked(Subscription subscription, bool exists, bool getsRetained, out bool hasPlace)
    {
        hasPlace = false;
        if (_hasEnded)
        {
            return SubscriptionVerdict.Ended;
        }

        if (max is { } most && !exists && _subscriptions!.Count >= most)
        {
            return SubscriptionVerdict.TooMany;
        }

        if (max is not null && (!exists || getsRetained) && memory.IsClosed)
        {
            return SubscriptionVerdict.NoMemory;
        }

        if (max is null || exists || subscription.Share is not { } share || tree.FindGroup(share) is { HasMembers: true })
        {
            return null;
        }

        var verdict = sharedPlaces.TryTake(memory.Account);
        hasPlace = verdict == QuotaVerdict.Taken;
        return verdict switch
        {
            QuotaVerdict.Exhausted => SubscriptionVerdict.SharedExhausted,
            QuotaVerdict.OverQuota => SubscriptionVerdict.SharedOverQuota,
            _ => null,
        };
    }

    /// <param name="subscription">The subscription.</param>
    /// <param name="hasPlace">Whether it has a place as the first of those that share it: others may have been faster.</param>
    private void AddToTreeLocked(Subscription subscription, bool hasPlace)
    {
        if (tree.Add(subscription, out var isFirst) is { } group)
        {
            (_shared ??= []).Add(subscription, group);
            if (isFirst && max is not null)
            {
                sharedPlaces.Begin(group, memory.Account, hasPlace);
            }
            else if (hasPlace)
            {
                sharedPlaces.Return(memory.Account);
            }
        }

        memory.Take(subscription.Cost);
    }

    private void ForgetLocked(Subscription subscription)
    {
        RemoveLocked(subscription);
        deliveries.RemoveRetainedLocked(subscription.Filter);
        journal.DeleteSubscription(subscription.Filter);
    }

    private void RemoveLocked(Subscription subscription)
    {
        _shared?.Remove(subscription);
        RemoveFromTree(subscription);
    }

    private void RemoveFromTree(Subscription subscription)
    {
        if (tree.Remove(subscription) is { } payer)
        {
            sharedPlaces.End(payer);
        }

        memory.Return(subscription.Cost);
    }
}
