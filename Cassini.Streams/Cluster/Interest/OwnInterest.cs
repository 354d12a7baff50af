using System.Collections.Immutable;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>
/// What the clients of this node want, filter by filter, how many members each shared subscription has here, and which clients have a
/// session here; with a version that grows with each change that others must know. Whoever subscribes notes that the answer waits until the
/// peers have confirmed the version. Thread-safe; its lock is taken after those of the tree and of a shared subscription.
/// </summary>
/// <param name="confirmed">The versions that all live peers have confirmed.</param>
/// <param name="changed">Called after a change, under the lock of the tree: it must be quick.</param>
internal sealed class OwnInterest(Watermark confirmed, Action changed) : IInterest
{
    private readonly Lock _lock = new();

    /// <summary>Filters with wildcards.</summary>
    private readonly WantCounts<string> _filters = new(StringComparer.Ordinal);

    /// <summary>Filters without wildcards, by their hashes.</summary>
    private readonly WantCounts<ulong> _topics = new(HashComparer.Instance);
    private readonly Dictionary<ulong, ClientClaim> _clients = [];

    /// <summary>What is not announced yet; null when a client has no session here any more.</summary>
    private readonly Dictionary<ulong, ClientClaim?> _pendingClients = [];
    private readonly Dictionary<string, SharedFilter> _shares = new(StringComparer.Ordinal);

    /// <summary>What is not announced yet.</summary>
    private readonly HashSet<string> _pendingShares = new(StringComparer.Ordinal);
    private long _version;
    private long _announced;

    /// <summary>The version of what the clients want now.</summary>
    public long Version
    {
        get
        {
            lock (_lock)
            {
                return _version;
            }
        }
    }

    /// <inheritdoc/>
    public void OnAdded(Subscription subscription)
    {
        if (IsOwnAffair(subscription))
        {
            return;
        }

        if (subscription.Share is not null)
        {
            // Its members were counted before.
            AwaitList.Note(confirmed, Version);
            return;
        }

        // Noted, because whether its subscriber keeps messages may be another thing when it is removed.
        subscription.Announced = (int)(subscription.QoS == QualityOfService.AtMostOnce ? FilterClass.Fast
            : subscription.Subscriber.KeepsMessages ? FilterClass.Kept
            : FilterClass.Sure);
        var version = Change(subscription, 1);
        AwaitList.Note(confirmed, version);
    }

    /// <inheritdoc/>
    public void OnRemoved(Subscription subscription)
    {
        if (!IsOwnAffair(subscription) && subscription.Share is null)
        {
            Change(subscription, -1);
        }
    }

    /// <inheritdoc/>
    public void OnShareChanged(string filter, int reachable, int lasting)
    {
        if (IsOfServer(filter))
        {
            return;
        }

        lock (_lock)
        {
            if (lasting > 0)
            {
                _shares[filter] = new SharedFilter(filter, reachable, lasting);
            }
            else
            {
                _shares.Remove(filter);
            }

            _pendingShares.Add(filter);
            _version++;
        }

        changed();
    }

    /// <summary>A client's session is wanted or held here.</summary>
    /// <returns>The version with which others know it.</returns>
    public long Put(ClientClaim claim)
    {
        lock (_lock)
        {
            _clients[claim.Client] = claim;
            _pendingClients[claim.Client] = claim;
            _version++;
        }

        changed();
        return Version;
    }

    /// <summary>A client has no session here any more.</summary>
    public void Remove(ulong client)
    {
        lock (_lock)
        {
            if (!_clients.Remove(client))
            {
                return;
            }

            _pendingClients[client] = null;
            _version++;
        }

        changed();
    }

    /// <summary>What changed since it was asked last; null when nothing did.</summary>
    public InterestDelta? TakeDelta()
    {
        lock (_lock)
        {
            if (_announced == _version)
            {
                return null;
            }

            var filters = _filters.TakeUntold();
            var delta = new InterestDelta(
                _announced,
                _version,
                [.. filters.Where(one => one.Class is not null).Select(one => new WantedFilter(one.Wanted, one.Class!.Value))],
                [.. filters.Where(one => one.Class is null).Select(one => one.Wanted)],
                [.. _topics.TakeUntold().Select(one => new WantedTopic(one.Wanted, one.Class))],
                [.. _pendingClients.Values.Where(one => one is not null).Select(one => one!.Value)],
                [.. _pendingClients.Where(one => one.Value is null).Select(one => one.Key)],
                [.. _pendingShares.Select(filter => _shares.GetValueOrDefault(filter, new SharedFilter(filter, 0, 0)))]);
            _pendingShares.Clear();
            _pendingClients.Clear();
            _announced = _version;
            return delta;
        }
    }

    /// <summary>Everything that is wanted now, as a change from nothing. What of it is not announced yet is said once more.</summary>
    public InterestDelta All()
    {
        lock (_lock)
        {
            return new InterestDelta(
                0, _version, [.. _filters.All.Select(one => new WantedFilter(one.Wanted, one.Class))], [],
                [.. _topics.All.Select(one => new WantedTopic(one.Wanted, one.Class))], [.. _clients.Values], [], [.. _shares.Values]);
        }
    }

    /// <summary>The broker's own topics are those of one node, and the canary's are of no client.</summary>
    private static bool IsOwnAffair(Subscription subscription) =>
        IsOfServer(subscription.Filter) || !subscription.Subscriber.IsListed;

    private static bool IsOfServer(string filter)
    {
        if (!TopicFilter.IsShared(filter))
        {
            return filter is ['$', ..];
        }

        TopicFilter.TrySplit(MqttText.Encode(filter), out _, out var inner);
        return inner is [(byte)'$', ..];
    }

    private long Change(Subscription subscription, int by)
    {
        var filter = subscription.Filter;
        var topic = filter.AsSpan().ContainsAny('+', '#') ? (ulong?)null : HashedTopics.HashOf(MqttText.Encode(filter));
        var wanted = (FilterClass)subscription.Announced;
        bool isChanged;
        long version;
        lock (_lock)
        {
            isChanged = topic is { } hash ? _topics.Change(hash, wanted, by) : _filters.Change(filter, wanted, by);
            version = isChanged ? ++_version : _version;
        }

        if (isChanged)
        {
            changed();
        }

        return version;
    }
}
