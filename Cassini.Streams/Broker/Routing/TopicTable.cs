using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// The topics in use: a topic is listed from its first message until no message was published to it for a while and it has no retained
/// message. At most <see cref="BrokerOptions.MaxTopics"/> are listed, and no more of one identity than its share; messages to further
/// topics are delivered too. Thread-safe.
/// </summary>
internal sealed class TopicTable(
    BrokerOptions options, AccountTable accounts, SubscriptionTree tree, IEventPublisher events, TimeProvider time)
{
    private const int EventBurst = 100;
    private const int EventsPerSecond = 10;

    /// <summary>The steps of a look at one topic in a sweep.</summary>
    private const int StepsOfALook = 4;

    private readonly ConcurrentDictionary<byte[], Topic> _topics = new(TopicBytes.Comparer);
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(EventBurst, EventsPerSecond, time);
    private readonly FirstOfIdentities _first = new(time);
    private readonly SharedResource _places = new(CapacityResource.Topics, options.MaxTopics, accounts);
    private long _routeWeight;

    /// <summary>How many topics are listed, without the broker's own.</summary>
    public int Count => (int)Math.Min(_places.Used, _places.Limit);

    /// <summary>How many may be listed, are, and the identity that has most of them.</summary>
    public ResourceUse Use => _places.Use;

    /// <summary>How many references all kept routes may have together. Beyond it, all routes are given up.</summary>
    public long MaxRouteWeight { get; init; } = 4_000_000;

    /// <summary>How many references the kept routes have together.</summary>
    public long RouteWeight => Interlocked.Read(ref _routeWeight);

    /// <summary>The listed topics, without the broker's own.</summary>
    public IEnumerable<Topic> All => _topics.Select(pair => pair.Value).Where(topic => !topic.IsSystem);

    /// <param name="name">A valid topic name.</param>
    /// <param name="publisher">Who publishes to it, and has its place if it is new; null for the broker itself.</param>
    public Topic Get(ReadOnlySpan<byte> name, Account? publisher = null)
    {
        if (_topics.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var topic))
        {
            return topic;
        }

        var now = time.GetTimestamp();
        if (Topic.IsOurs(name))
        {
            return _topics.GetOrAdd(name.ToArray(), static (utf8, now) => new Topic(utf8, isListed: true, now), now);
        }

        if (TakePlace(publisher ?? accounts.OfBroker) is not { } owner)
        {
            return new Topic(name.ToArray(), isListed: false, now);
        }

        var added = new Topic(name.ToArray(), isListed: true, now) { Owner = owner };
        topic = _topics.GetOrAdd(added.Utf8, added);
        if (topic != added)
        {
            FreePlace(owner);
        }
        else if (MayAnnounce(owner))
        {
            topic.IsAnnounced = true;
            events.Publish(new TopicCreated(topic.Name));
        }

        return topic;
    }

    /// <summary>The current route of the topic's messages.</summary>
    public Route RouteOf(Topic topic)
    {
        var known = topic.Route;
        return known is not null && known.Version == tree.Version ? known : FindRoute(topic);
    }

    /// <summary>
    /// Removes topics that were not used for long. Gives up routes that are no longer valid, because they would keep sessions that have
    /// ended in memory.
    /// </summary>
    /// <param name="isRetained">Whether a topic holds a retained message.</param>
    public async ValueTask SweepAsync(Func<Topic, bool> isRetained)
    {
        var version = tree.Version;
        var pieces = new Pieces(time);
        foreach (var (_, topic) in _topics)
        {
            if (topic.Route is { } route && route.Version != version)
            {
                Keep(topic, null);
            }

            if (!topic.IsSystem && time.GetElapsedTime(topic.UsedAt) >= options.TopicIdle && !isRetained(topic)
                && _topics.TryRemove(topic.Utf8, out _))
            {
                Forget(topic);
            }

            await pieces.TakeAsync(StepsOfALook).ConfigureAwait(false);
        }
    }

    /// <returns>The account that has the place until <see cref="FreePlace"/>; null when there is none.</returns>
    private Account? TakePlace(Account publisher)
    {
        if (_places.TryTake(publisher, 1) != QuotaVerdict.Taken)
        {
            return null;
        }

        var owner = accounts.Open(publisher);
        if (owner != publisher)
        {
            // What it was opened for has ended meanwhile.
            _places.Return(publisher, 1, 1);
            _places.Take(owner, 1, 1);
        }

        return owner;
    }

    private void FreePlace(Account owner)
    {
        _places.Return(owner, 1, 1);
        accounts.Close(owner);
    }

    private void Forget(Topic topic)
    {
        topic.IsRemoved = true;
        FreePlace(topic.Owner!);
        Keep(topic, null);
        if (topic.IsAnnounced)
        {
            events.Publish(new TopicRemoved(topic.Name));
        }
    }

    private Route FindRoute(Topic topic)
    {
        var route = tree.Match(topic.Utf8);
        if (topic.IsListed)
        {
            if (Keep(topic, route) > MaxRouteWeight)
            {
                ForgetRoutes();
            }

            // A publisher may still hold a removed topic. A route kept there would leak, because no sweep would find it.
            if (topic.IsRemoved)
            {
                Keep(topic, null);
            }
        }

        return route;
    }

    private void ForgetRoutes()
    {
        foreach (var (_, topic) in _topics)
        {
            Keep(topic, null);
        }
    }

    /// <summary>Whether a new topic is announced. The first one of an identity is, however many those of others are.</summary>
    private bool MayAnnounce(Account owner)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var isFirst = owner != accounts.OfBroker && _first.IsFirst(nameof(TopicCreated), owner.Identity, now);
            return _allowance.TryTake(now) || isFirst;
        }
    }

    /// <summary>
    /// Makes every change of a kept route, so that each route is counted once when it is kept and once when it is given up.
    /// </summary>
    /// <returns>How many references all kept routes have now.</returns>
    private long Keep(Topic topic, Route? route) => Interlocked.Add(ref _routeWeight, topic.Keep(route));
}
