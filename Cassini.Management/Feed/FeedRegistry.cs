using System.Collections.Immutable;
using Cassini.Management.Access;
using Cassini.Management.Probes;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Feed;

/// <summary>All open feeds: the cap, what they share, their counters, and their end at shutdown.</summary>
internal sealed class FeedRegistry : IDisposable
{
    /// <summary>How long a feed may take to send its last messages. One whose subscriber does not read is cut then.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<Feed, HttpContext> _open = [];
    private readonly EventHub _hub;
    private readonly HealthProjection _health;
    private readonly TimeProvider _time;
    private readonly CallerPlaces _places;
    private readonly int _most;
    private readonly IDisposable _readings;
    private readonly ITimer _look;
    private readonly ITimer _stopTimer;
    private ImmutableSortedDictionary<string, long> _resets = ResetAnswer.Reasons.ToImmutableSortedDictionary(
        reason => reason, _ => 0L, StringComparer.Ordinal);
    private int _count;
    private long _sentByClosed;
    private long _refused;
    private long _stopAfter = long.MaxValue;
    private volatile HealthSnapshot? _stale;

    /// <summary>No feed is open.</summary>
    /// <param name="hub">The events.</param>
    /// <param name="health">The health that is sent first, and after a reset.</param>
    /// <param name="bodies">The serialized forms of a snapshot.</param>
    /// <param name="places">Feeds of one caller at once.</param>
    /// <param name="most">Feeds of all callers at once.</param>
    /// <param name="heartbeat">The longest silence of a healthy feed.</param>
    /// <param name="time">The one clock.</param>
    public FeedRegistry(
        EventHub hub, HealthProjection health, SnapshotBodies bodies, CallerPlaces places, int most, TimeSpan heartbeat, TimeProvider time)
    {
        _hub = hub;
        _health = health;
        _time = time;
        _places = places;
        _most = most;
        Bodies = bodies;
        LookInterval = heartbeat / 10;
        LongestSilence = heartbeat - LookInterval;
        _look = time.CreateTimer(static state => ((FeedRegistry)state!).Look(), this, LookInterval, LookInterval);
        _stopTimer = time.CreateTimer(
            static state => ((FeedRegistry)state!).CutAll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // Changes never fails.
        _readings = health.Changes.Subscribe(Note, static _ => { });
    }

    public EventFrames Frames { get; } = new();

    public SnapshotBodies Bodies { get; }

    /// <summary>How often the one timer of all feeds checks for quiet feeds.</summary>
    public TimeSpan LookInterval { get; }

    /// <summary>The silence after which a feed's heartbeat is due at this check, not only at the next.</summary>
    public TimeSpan LongestSilence { get; }

    /// <summary>The last sequence that is still sent: set when the process stops.</summary>
    public long StopAfter => Volatile.Read(ref _stopAfter);

    /// <summary>
    /// Health as it was read last, if the projection is stale; else null. While it is fresh its changes are events like all others.
    /// </summary>
    public HealthSnapshot? Stale => _stale;

    /// <summary>Open feeds.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Subscribers that were refused because of the cap.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Resets by reason; every reason is in it.</summary>
    public IReadOnlyDictionary<string, long> Resets => Volatile.Read(ref _resets);

    /// <summary>Messages sent to all subscribers.</summary>
    public long Sent
    {
        get
        {
            lock (_gate)
            {
                return _sentByClosed + _open.Keys.Sum(feed => feed.Sent);
            }
        }
    }

    /// <summary>Opens a feed unless there are as many as there may be, in all or of this caller.</summary>
    /// <param name="context">The request.</param>
    /// <param name="filter">What it wants.</param>
    /// <param name="after">The last event that it has.</param>
    /// <param name="refusal">The status and the sentence of the answer when no feed is opened.</param>
    public Feed? TryOpen(HttpContext context, CategoryFilter filter, long after, out (int Status, string Sentence) refusal)
    {
        refusal = default;
        if (Interlocked.Increment(ref _count) > _most)
        {
            refusal = (StatusCodes.Status503ServiceUnavailable, TooMany(_most, "is", "are"));
        }
        else if (!_places.TryTake(context.Connection.RemoteIpAddress))
        {
            refusal = (StatusCodes.Status429TooManyRequests, TooMany(_places.Most, "of yours is", "of yours are"));
        }

        if (refusal != default)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _refused);
            return null;
        }

        var feed = new Feed(this, _hub, _health, _time, filter, after);
        lock (_gate)
        {
            _open.Add(feed, context);
        }

        return feed;
    }

    public void Close(Feed feed)
    {
        lock (_gate)
        {
            _places.GiveBack(_open[feed].Connection.RemoteIpAddress);
            _open.Remove(feed);
            _sentByClosed += feed.Sent;
        }

        Interlocked.Decrement(ref _count);
        feed.Dispose();
    }

    public void CountReset(string reason) => ImmutableInterlocked.Update(
        ref _resets, static (resets, reason) => resets.SetItem(reason, resets.GetValueOrDefault(reason) + 1), reason);

    /// <summary>Ends every feed with <c>bye</c> after the events of now, and cuts those off that do not read it.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopAfter, _hub.Log.Newest);
        NudgeAll();
        _stopTimer.Change(StopGrace, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _readings.Dispose();
        _look.Dispose();
        _stopTimer.Dispose();
    }

    /// <summary>
    /// Sends each feed what it cannot learn from events: that the projection is stale, what is known meanwhile, and that it is over.
    /// </summary>
    private void Note(HealthSnapshot snapshot)
    {
        var was = _stale;
        _stale = snapshot.IsStale ? snapshot : null;
        if (!ReferenceEquals(was, _stale))
        {
            NudgeAll();
        }
    }

    private static string TooMany(int most, string one, string several) =>
        $"too many feeds: {Quantity.Of(most, one, several)} open, and no more are allowed\n";

    private void Look()
    {
        foreach (var (feed, _) in Open())
        {
            if (feed.IsQuiet)
            {
                feed.Nudge();
            }
        }
    }

    private void CutAll()
    {
        foreach (var (_, context) in Open())
        {
            context.Abort();
        }
    }

    private void NudgeAll()
    {
        foreach (var (feed, _) in Open())
        {
            feed.Nudge();
        }
    }

    private KeyValuePair<Feed, HttpContext>[] Open()
    {
        lock (_gate)
        {
            return [.. _open];
        }
    }
}
