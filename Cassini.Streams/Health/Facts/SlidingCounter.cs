using System.Collections.Immutable;

namespace Cassini.Streams.Health.Facts;

/// <summary>
/// Counts of good and bad events of the last <see cref="Window"/>; immutable. An event counts from its time on until exactly its time +
/// window. Events within 1/120 of the window share a bucket, which expires with its newest event. So memory stays bounded, no event
/// expires early, and only events that share a bucket expire late, by at most 1/120 of the window.
/// </summary>
/// <param name="Window">How long an event counts.</param>
internal sealed record SlidingCounter(TimeSpan Window)
{
    private const int BucketsPerWindow = 120;

    private ImmutableQueue<Bucket> Older { get; init; } = [];

    private Bucket Latest { get; init; }

    /// <summary>Good events in the window.</summary>
    public long Good { get; private init; }

    /// <summary>Bad events in the window.</summary>
    public long Bad { get; private init; }

    /// <summary>All events in the window.</summary>
    public long Total => Good + Bad;

    /// <summary>When the next bucket expires; <see cref="TimeSpan.MaxValue"/> when the window is empty.</summary>
    public TimeSpan NextExpiry => Total == 0 ? TimeSpan.MaxValue : Oldest.Newest + Window;

    private Bucket Oldest => Older.IsEmpty ? Latest : Older.Peek();

    /// <summary>The buckets in the window, oldest first. They are the whole state of the counter.</summary>
    public IEnumerable<Bucket> Buckets => Latest.Count == 0 ? [] : Older.Append(Latest);

    /// <summary>Restores the counter with these buckets.</summary>
    public static SlidingCounter Restore(TimeSpan window, IReadOnlyList<Bucket> buckets) => new(window)
    {
        Older = buckets.Count == 0 ? [] : ImmutableQueue.CreateRange(buckets.SkipLast(1)),
        Latest = buckets.Count == 0 ? default : buckets[^1],
        Good = buckets.Sum(bucket => bucket.Good),
        Bad = buckets.Sum(bucket => bucket.Bad),
    };

    /// <summary>The same events in a window of another length; events that expired from the old window are lost.</summary>
    public SlidingCounter Within(TimeSpan window, TimeSpan now) => (this with { Window = window }).Expire(now);

    /// <summary>Counts events that happened at <paramref name="now"/>.</summary>
    public SlidingCounter Add(TimeSpan now, long good, long bad)
    {
        var joins = Latest.Count > 0 && now - Latest.First < Window / BucketsPerWindow;
        return this with
        {
            Older = joins || Latest.Count == 0 ? Older : Older.Enqueue(Latest),
            Latest = joins
                ? new Bucket(Latest.First, now, Latest.Good + good, Latest.Bad + bad)
                : new Bucket(now, now, good, bad),
            Good = Good + good,
            Bad = Bad + bad,
        };
    }

    /// <summary>Removes the buckets that have expired at <paramref name="now"/>.</summary>
    public SlidingCounter Expire(TimeSpan now)
    {
        var counter = this;
        while (counter.NextExpiry <= now)
        {
            var gone = counter.Oldest;
            counter = counter with
            {
                Older = counter.Older.IsEmpty ? counter.Older : counter.Older.Dequeue(),
                Latest = counter.Older.IsEmpty ? default : counter.Latest,
                Good = counter.Good - gone.Good,
                Bad = counter.Bad - gone.Bad,
            };
        }

        return counter;
    }

    /// <summary>Events that expire together.</summary>
    internal readonly record struct Bucket(TimeSpan First, TimeSpan Newest, long Good, long Bad)
    {
        public long Count => Good + Bad;
    }
}
