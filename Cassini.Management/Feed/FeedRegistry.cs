using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Reactive.Disposables;
using Cassini.Management.Access;
using Cassini.Management.Probes;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Feed;

/// <summary>All open feeds: the limit, what they share, their counters, and their end at shutdown.</summary>
internal sealed class FeedRegistry : IDisposable
{
    /// <summary>How long a feed may take to send its last messages. One whose subscriber does not read is cut then.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<Feed, IPAddress?> _open = [];
    private readonly EventHub _hub;
    private readonly HealthProjection _health;
    private readonly TimeProvider _time;
    private readonly SharedPlaces _places;
    private readonly IDisposable _readings;
    private readonly ITimer _look;
    private readonly ITimer _stopTimer;
    private ImmutableSortedDictionary<string, long> _resets = ResetAnswer.Reasons.ToImmutableSortedDictionary(
        reason => reason, _ => 0L, StringComparer.Ordinal);
    private long _sentByClosed;
    private long _refused;
    private long _stopAfter = long.MaxValue;
    private volatile HealthSnapshot? _stale;

    /// <summary>No feed is open.</summary>
    /// <param name="hub">The events.</param>
    /// <param name="health">The health that is sent first, and after a reset.</param>
    /// <param name="bodies">The serialized forms of a snapshot.</param>
    /// <param name="places">An open feed takes a slot.</param>
    /// <param name="heartbeat">The longest silence of a healthy feed.</param>
    /// <param name="time">The one clock.</param>
    public FeedRegistry(
        EventHub hub, HealthProjection health, SnapshotBodies bodies, SharedPlaces places, TimeSpan heartbeat, TimeProvider time)
    {
        _hub = hub;
        _health = health;
        _time = time;
        _places = places;
        Bodies = bodies;
        LookInterval = heartbeat / 10;
        LongestSilence = heartbeat - LookInterval;
        _look = time.CreateTimer(static state => ((FeedRegistry)state!).Look(), this, LookInterval, LookInterval);
        _stopTimer = time.CreateTimer(
            static state => ((FeedRegistry)state!)._cut.TrySetResult(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

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

    /// <summary>Completes when the process stops: for feeds that are not of events.</summary>
    public Task Stopping => _stopping.Task;

    /// <summary>
    /// Completes when a feed that is still open must be cut. The request of the feed aborts itself: from elsewhere a request that has
    /// just ended could be hit, whose context throws or is already that of another request.
    /// </summary>
    public Task Cut => _cut.Task;

    /// <summary>
    /// Health as it was read last, if the projection is stale; else null. While it is fresh its changes are events like all others.
    /// </summary>
    public HealthSnapshot? Stale => _stale;

    /// <summary>Open feeds.</summary>
    public int Count => _places.Count;

    /// <summary>Subscribers that were refused because too many feeds were open.</summary>
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
    /// <param name="caller">The subscriber's address.</param>
    /// <param name="filter">What it wants.</param>
    /// <param name="after">The last event that it has.</param>
    /// <param name="full">The status and the sentence of the answer when no feed is opened.</param>
    public Feed? TryOpen(IPAddress? caller, CategoryFilter filter, long after, out (int Status, string Sentence)? full)
    {
        full = _places.Take(caller);
        if (full is not null)
        {
            Interlocked.Increment(ref _refused);
            return null;
        }

        var feed = new Feed(this, _hub, _health, _time, filter, after);
        lock (_gate)
        {
            _open.Add(feed, caller);
        }

        return feed;
    }

    /// <summary>A place for an answer that is no feed, but is limited with them.</summary>
    /// <param name="caller">The caller's address.</param>
    /// <param name="place">Gives it back; null when there is none.</param>
    /// <param name="full">The status and the sentence of the answer when there is none.</param>
    public bool TryTakePlace(
        IPAddress? caller, [NotNullWhen(true)] out IDisposable? place, [NotNullWhen(false)] out (int Status, string Sentence)? full)
    {
        full = _places.Take(caller);
        place = full is null ? Disposable.Create(() => _places.GiveBack(caller)) : null;
        if (full is not null)
        {
            Interlocked.Increment(ref _refused);
        }

        return full is null;
    }

    public void Close(Feed feed)
    {
        IPAddress? caller;
        lock (_gate)
        {
            _open.Remove(feed, out caller);
            _sentByClosed += feed.Sent;
        }

        _places.GiveBack(caller);
        feed.Dispose();
    }

    public void CountReset(string reason) => ImmutableInterlocked.Update(
        ref _resets, static (resets, reason) => resets.SetItem(reason, resets.GetValueOrDefault(reason) + 1), reason);

    /// <summary>Ends every feed with <c>bye</c> after the events of now, and cuts those off that do not read it.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopAfter, _hub.Log.Newest);
        _stopping.TrySetResult();
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

    private void Look()
    {
        foreach (var feed in Open())
        {
            if (feed.IsQuiet)
            {
                feed.Nudge();
            }
        }
    }

    private void NudgeAll()
    {
        foreach (var feed in Open())
        {
            feed.Nudge();
        }
    }

    private Feed[] Open()
    {
        lock (_gate)
        {
            return [.. _open.Keys];
        }
    }
}
