using System.Net.ServerSentEvents;
using System.Text.Json;
using Cassini.Management.Feed;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Fleet;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Management.Fleet;

/// <summary>One subscriber of /fleet: a position in the log of the fleet's changes.</summary>
/// <param name="fleet">The fleet.</param>
/// <param name="feeds">What all feeds share.</param>
/// <param name="heartbeat">The longest silence of a healthy feed.</param>
/// <param name="time">The one clock.</param>
internal sealed class FleetSubscription(FleetProjection fleet, FeedRegistry feeds, TimeSpan heartbeat, TimeProvider time)
{
    private static readonly byte[] Empty = "{}"u8.ToArray();

    private long _position;

    /// <summary>The first messages: the snapshot, and before it the reset when it cannot resume as it was asked to.</summary>
    /// <param name="lastEventId">The id of the last message that the subscriber has seen; null or empty when there is none.</param>
    public async IAsyncEnumerable<SseItem<byte[]>> OpenAsync(string? lastEventId)
    {
        var snapshot = fleet.Current;
        var reset = Refuse(lastEventId, snapshot, out var resumed);
        if (reset is not null)
        {
            yield return Reset(reset).ToItem();
        }

        _position = resumed ?? snapshot.Revision;
        yield return Snapshot(snapshot, hasId: resumed is null).ToItem();
        await Task.CompletedTask;
    }

    /// <summary>Writes the messages after that, until the subscriber goes away or the process stops.</summary>
    public async Task FollowAsync(Stream body, CancellationToken aborted)
    {
        while (!aborted.IsCancellationRequested)
        {
            if (feeds.Stopping.IsCompleted || (fleet.Log.IsCompleted && _position >= fleet.Log.Newest))
            {
                await body.WriteAsync(new FeedMessage(FeedMessage.Bye, Empty, IdOf(_position)).ToFrame(), aborted);
                return;
            }

            if (_position < fleet.Log.Newest)
            {
                await SendNextAsync(body, aborted);
                continue;
            }

            Task news = Task.WhenAny(fleet.Log.WaitAsync(_position), feeds.Stopping);
            await news.WaitAsync(heartbeat, time, aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!news.IsCompleted && !aborted.IsCancellationRequested)
            {
                await body.WriteAsync(new FeedMessage(FeedMessage.Heartbeat, Empty, IdOf(_position)).ToFrame(), aborted);
            }
        }
    }

    private async Task SendNextAsync(Stream body, CancellationToken aborted)
    {
        if (fleet.Log.Find(_position + 1) is { } change)
        {
            _position = change.Revision;
            var message = new FeedMessage(
                FleetChange.MessageOf(change.Change), JsonSerializer.SerializeToUtf8Bytes(change, FleetJson.Change), IdOf(_position));
            await body.WriteAsync(message.ToFrame(), aborted);
            return;
        }

        var snapshot = fleet.Current;
        var missed = new ResetAnswer(ResetAnswer.TooSlow, IdOf(_position + 1), IdOf(snapshot.Revision));
        await body.WriteAsync(Reset(missed).ToFrame(), aborted);
        _position = snapshot.Revision;
        await body.WriteAsync(Snapshot(snapshot, hasId: true).ToFrame(), aborted);
    }

    /// <summary>Why it cannot resume where the subscriber asked; null when it can, or when the subscriber did not ask.</summary>
    /// <param name="lastEventId">Where it asked to.</param>
    /// <param name="snapshot">The fleet of now.</param>
    /// <param name="resumed">Where it resumes; null when it does not.</param>
    private ResetAnswer? Refuse(string? lastEventId, FleetSnapshot snapshot, out long? resumed)
    {
        resumed = null;
        if (string.IsNullOrEmpty(lastEventId))
        {
            return null;
        }

        if (!EventId.TryParse(lastEventId, out var id))
        {
            return new ResetAnswer(ResetAnswer.Malformed, null, null);
        }

        if (id.Epoch.ToString() != snapshot.Epoch)
        {
            return new ResetAnswer(ResetAnswer.OtherEpoch, null, null);
        }

        if (id.Sequence > snapshot.Revision)
        {
            return new ResetAnswer(ResetAnswer.Future, null, null);
        }

        if (id.Sequence + 1 < fleet.Log.Oldest)
        {
            return new ResetAnswer(ResetAnswer.TooOld, IdOf(id.Sequence + 1), IdOf(snapshot.Revision));
        }

        resumed = id.Sequence;
        return null;
    }

    private FeedMessage Snapshot(FleetSnapshot snapshot, bool hasId) => new(
        FeedMessage.Snapshot,
        JsonSerializer.SerializeToUtf8Bytes(snapshot with { HeartbeatSeconds = heartbeat.TotalSeconds }, FleetJson.Snapshot),
        hasId ? IdOf(snapshot.Revision) : null);

    private FeedMessage Reset(ResetAnswer answer)
    {
        feeds.CountReset(answer.Reason);
        return new FeedMessage(FeedMessage.Reset, JsonSerializer.SerializeToUtf8Bytes(answer, FeedJson.Reset), null);
    }

    private string IdOf(long revision) => $"{fleet.State.Self.Epoch}-{revision}";
}
