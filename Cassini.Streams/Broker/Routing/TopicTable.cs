using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// The topics in use: a topic is listed from its first message until no message was published to it for a while and it has no retained
/// message. At most <see cref="BrokerOptions.MaxTopics"/> are listed; messages to further topics are delivered too. Thread-safe.
/// </summary>
internal sealed class TopicTable(BrokerOptions options, SubscriptionTree tree, IEventPublisher events, TimeProvider time)
{
    private const int EventBurst = 100;
    private const int EventsPerSecond = 10;

    /// <summary>The steps of a look at one topic in a sweep.</summary>
    private const int StepsOfALook = 4;

    private readonly ConcurrentDictionary<byte[], Topic> _topics = new(TopicBytes.Comparer);
    private readonly Lock _lock = new();
    private readonly TokenBucket _allowance = new(EventBurst, EventsPerSecond, time);
    private readonly FirstOfIdentities _first = new(time);
    private int _count;
    private long _routeWeight;

    /// <summary>How many topics are listed, without the broker's own.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many references all kept routes may have together. Beyond it, all routes are given up.</summary>
    public long MaxRouteWeight { get; init; } = 4_000_000;

    /// <summary>How many references the kept routes have together.</summary>
    public long RouteWeight => Interlocked.Read(ref _routeWeight);

    /// <summary>The listed topics, without the broker's own.</summary>
    public IEnumerable<Topic> All => _topics.Select(pair => pair.Value).Where(topic => !topic.IsSystem);

    /// <param name="name">A valid topic name.</param>
    /// <param name="identity">Who publishes to it; null for the broker itself.</param>
    public Topic Get(ReadOnlySpan<byte> name, string? identity = null)
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

        if (Interlocked.Increment(ref _count) > options.MaxTopics)
        {
            Interlocked.Decrement(ref _count);
            return new Topic(name.ToArray(), isListed: false, now);
        }

        var added = new Topic(name.ToArray(), isListed: true, now);
        topic = _topics.GetOrAdd(added.Utf8, added);
        if (topic != added)
        {
            Interlocked.Decrement(ref _count);
        }
        else if (MayAnnounce(identity))
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

    private void Forget(Topic topic)
    {
        topic.IsRemoved = true;
        Interlocked.Decrement(ref _count);
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
    private bool MayAnnounce(string? identity)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var isFirst = identity is not null && _first.IsFirst(nameof(TopicCreated), identity, now);
            return _allowance.TryTake(now) || isFirst;
        }
    }

    /// <summary>
    /// Makes every change of a kept route, so that each route is counted once when it is kept and once when it is given up.
    /// </summary>
    /// <returns>How many references all kept routes have now.</returns>
    private long Keep(Topic topic, Route? route) => Interlocked.Add(ref _routeWeight, topic.Keep(route));
}
