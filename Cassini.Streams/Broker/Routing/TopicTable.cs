using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// The topics in use: a topic is listed from its first message until no message was published to it for a while and it has no retained
/// message. At most <see cref="BrokerOptions.MaxTopics"/> are listed, and no more of one identity than its share; messages to further
/// topics are delivered too. A listed topic is memory of the identity that has its place. Thread-safe.
/// </summary>
internal sealed class TopicTable(
    BrokerOptions options, AccountTable accounts, MemoryBudget budget, SubscriptionTree tree, IEventPublisher events, TimeProvider time)
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
    private int _sweeps;

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
        var byName = _topics.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (byName.TryGetValue(name, out var topic))
        {
            return topic;
        }

        if (Topic.IsOurs(name))
        {
            return _topics.GetOrAdd(
                name.ToArray(), static (utf8, now) => new Topic(utf8, isListed: true, now), time.GetTimestamp());
        }

        lock (_lock)
        {
            // Another one may have added it meanwhile, and taken the last place for it.
            if (byName.TryGetValue(name, out topic))
            {
                return topic;
            }

            topic = AddLocked(name.ToArray(), publisher ?? accounts.OfBroker);
        }

        if (topic.IsAnnounced)
        {
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

        Interlocked.Increment(ref _sweeps);
    }

    /// <returns>The topic; it is not listed if there is no place for it.</returns>
    private Topic AddLocked(byte[] utf8, Account publisher)
    {
        var now = time.GetTimestamp();
        if (TakePlace(publisher) is not { } owner)
        {
            return new Topic(utf8, isListed: false, now) { Sweeps = Volatile.Read(ref _sweeps) };
        }

        var topic = new Topic(utf8, isListed: true, now) { Owner = owner, IsAnnounced = MayAnnounceLocked(owner, now) };
        topic.Hold(budget.Of(owner));
        _topics[utf8] = topic;
        return topic;
    }

    /// <returns>The account that has the place until the topic is forgotten; null when there is none.</returns>
    private Account? TakePlace(Account publisher)
    {
        if (budget.Of(publisher).IsClosed || _places.TryTake(publisher, 1) != QuotaVerdict.Taken)
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

    private void Forget(Topic topic)
    {
        topic.IsRemoved = true;
        var owner = topic.Owner!;
        topic.Release(budget.Of(owner));
        _places.Return(owner, 1, 1);
        accounts.Close(owner);
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
        else if (topic.Sweeps != Volatile.Read(ref _sweeps))
        {
            // There may be a place for it now, or it is listed for another publisher.
            topic.IsRemoved = true;
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
    private bool MayAnnounceLocked(Account owner, long now)
    {
        var isFirst = owner != accounts.OfBroker && _first.IsFirst(nameof(TopicCreated), owner.Identity, now);
        return _allowance.TryTake(now) || isFirst;
    }

    /// <summary>
    /// Makes every change of a kept route, so that each route is counted once when it is kept and once when it is given up.
    /// </summary>
    /// <returns>How many references all kept routes have now.</returns>
    private long Keep(Topic topic, Route? route) => Interlocked.Add(ref _routeWeight, topic.Keep(route));
}
