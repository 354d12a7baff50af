using System.Net.ServerSentEvents;
using System.Text.Json;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Store.History;
using Microsoft.Data.Sqlite;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Management.Feed;

/// <summary>
/// One subscriber of /events: a cursor in the shared log. It owns no queue, timer or buffer, serializes nothing that
/// another feed has serialized, and allocates nothing for an event.
/// </summary>
internal sealed class Feed : IDisposable
{
    private const string TransitionType = "healthChanged";

    private static readonly byte[] Empty = "{}"u8.ToArray();

    private readonly FeedRegistry _registry;
    private readonly EventHub _hub;
    private readonly HealthProjection _health;
    private readonly TimeProvider _time;
    private readonly CategoryFilter _filter;
    private readonly EventCursor _cursor;
    private long _lastSent;
    private long _sent;
    private HealthSnapshot? _knownStale;

    /// <summary>Begins after <paramref name="after"/>.</summary>
    public Feed(FeedRegistry registry, EventHub hub, HealthProjection health, TimeProvider time, CategoryFilter filter, long after)
    {
        _registry = registry;
        _hub = hub;
        _health = health;
        _time = time;
        _filter = filter;

        // The log itself is the queue: a subscriber may fall behind by all that is kept, and is then reset.
        _cursor = hub.Log.OpenCursor(after, hub.Log.Capacity);
        _lastSent = time.GetTimestamp();
        _knownStale = registry.Stale;
    }

    /// <summary>Messages sent so far.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>
    /// Whether the feed was silent for so long that its heartbeat is due at this check, not only at the next. Any thread.
    /// </summary>
    public bool IsQuiet => _time.GetElapsedTime(Volatile.Read(ref _lastSent)) > _registry.LongestSilence;

    /// <summary>Wakes the feed, because it is stopped, cut off, or has something to send. Any thread.</summary>
    public void Nudge() => _cursor.Nudge();

    public void Dispose() => _cursor.Dispose();

    /// <summary>The first messages: the snapshot, and before it the reset when it cannot resume as it was asked to.</summary>
    public async IAsyncEnumerable<SseItem<byte[]>> OpenAsync(FeedStart start)
    {
        if (start.Reset is { } refused)
        {
            yield return Noted(Reset(refused)).ToItem();
        }

        yield return Noted(Snapshot(start.Snapshot, hasId: !start.IsResumed)).ToItem();
        await Task.CompletedTask;
    }

    /// <summary>Writes what comes from disk, after the first messages.</summary>
    /// <param name="past">Its position there.</param>
    /// <param name="body">The answer.</param>
    /// <param name="aborted">The subscriber went away.</param>
    /// <returns>Whether the feed goes on: not when the process stops before the subscriber has everything from there.</returns>
    public async Task<bool> CatchUpAsync(HistoryCursor past, Stream body, CancellationToken aborted)
    {
        try
        {
            await SendPastAsync(past, body, aborted);
        }
        catch (SqliteException)
        {
            await ResetAsync(body, new ResetAnswer(ResetAnswer.TooOld, null, null), aborted);
        }

        if (IsStopping)
        {
            // Without an id: the subscriber resumes after the last event that it has.
            await SendAsync(body, new FeedMessage(FeedMessage.Bye, Empty, null), aborted);
        }

        return !IsStopping;
    }

    private async Task SendPastAsync(HistoryCursor past, Stream body, CancellationToken aborted)
    {
        var run = 0;
        while (!IsStopping && await past.NextAsync(aborted) is { Count: > 0 } page)
        {
            foreach (var happened in page)
            {
                for (; past.Runs[run].Epoch != happened.Id.Epoch; run++)
                {
                    await SendAsync(body, RunEnded(past, run), aborted);
                }

                if (_filter.Includes(happened.Category))
                {
                    await SendAsync(body, Past(happened), aborted);
                }
            }
        }

        for (; run < past.Runs.Length - 1 && !IsStopping; run++)
        {
            await SendAsync(body, RunEnded(past, run), aborted);
        }
    }

    /// <summary>Writes the messages after that, until the subscriber goes away or the process stops.</summary>
    public async Task FollowAsync(Stream body, CancellationToken aborted)
    {
        using var wakeUp = aborted.UnsafeRegister(static state => ((Feed)state!).Nudge(), this);
        while (true)
        {
            while (!aborted.IsCancellationRequested && _cursor.Position < _registry.StopAfter && _cursor.TryRead(out var delivery))
            {
                if (delivery.Envelope is not { } envelope)
                {
                    await ResetAsync(body, delivery.Gap, aborted);
                }
                else if (_filter.Includes(envelope.Event.Category))
                {
                    NoteSent();
                    await body.WriteAsync(_registry.Frames.Of(envelope), CancellationToken.None);
                }
            }

            if (aborted.IsCancellationRequested)
            {
                return;
            }

            if (_cursor.IsCompleted || _cursor.Position >= _registry.StopAfter)
            {
                await SendAsync(body, new FeedMessage(FeedMessage.Bye, Empty, IdOf(_cursor.Position)), aborted);
                return;
            }

            var stale = _registry.Stale;
            if (!ReferenceEquals(stale, _knownStale) || IsQuiet)
            {
                await SendAsync(body, SignOfLife(stale), aborted);
                _knownStale = stale;
            }

            await _cursor.WaitAsync();
        }
    }

    /// <summary>Whether <c>bye</c> is to be sent instead of what the disk still has.</summary>
    private bool IsStopping => _registry.StopAfter < long.MaxValue;

    private static FeedMessage Past(HistoryEvent happened) => new(
        happened.Type == TransitionType ? FeedMessage.Transition : FeedMessage.Event, happened.Json, happened.Id.ToString());

    /// <summary>Its id is before the first event of the next run.</summary>
    private static FeedMessage RunEnded(HistoryCursor past, int run) => new(
        FeedMessage.Run,
        JsonSerializer.SerializeToUtf8Bytes(RunAnswer.Of(past.Runs[run]), FeedJson.Run),
        new EventId(past.Runs[run + 1].Epoch, 0).ToString());

    private Task ResetAsync(Stream body, Gap gap, CancellationToken aborted) =>
        ResetAsync(body, new ResetAnswer(ResetAnswer.TooSlow, IdOf(gap.From), IdOf(gap.To)), aborted);

    private async Task ResetAsync(Stream body, ResetAnswer answer, CancellationToken aborted)
    {
        await SendAsync(body, Reset(answer), aborted);
        var snapshot = _health.Current;
        _cursor.MoveTo(snapshot.Through);
        await SendAsync(body, Snapshot(snapshot, hasId: true), aborted);
    }

    private ValueTask SendAsync(Stream body, FeedMessage message, CancellationToken aborted) =>
        body.WriteAsync(Noted(message).ToFrame(), aborted);

    /// <summary>
    /// Heartbeats must not hide a dead projection: while it is stale, and once when it is fresh again, health itself is sent.
    /// </summary>
    private FeedMessage SignOfLife(HealthSnapshot? stale) => stale is not null || _knownStale is not null
        ? Snapshot(_health.Current, hasId: false)
        : new FeedMessage(FeedMessage.Heartbeat, Empty, IdOf(_cursor.Position));

    private FeedMessage Snapshot(HealthSnapshot snapshot, bool hasId) => new(
        FeedMessage.Snapshot,
        _registry.Bodies.Of(snapshot).FeedJson,
        hasId && !snapshot.IsStale ? IdOf(snapshot.Through) : null);

    private FeedMessage Reset(ResetAnswer answer)
    {
        _registry.CountReset(answer.Reason);
        return new FeedMessage(FeedMessage.Reset, JsonSerializer.SerializeToUtf8Bytes(answer, FeedJson.Reset), null);
    }

    private FeedMessage Noted(FeedMessage message)
    {
        NoteSent();
        return message;
    }

    private void NoteSent()
    {
        Volatile.Write(ref _lastSent, _time.GetTimestamp());
        Volatile.Write(ref _sent, _sent + 1);
    }

    private string IdOf(long sequence) => new EventId(_hub.Epoch, sequence).ToString();
}
