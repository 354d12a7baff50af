using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Store.History;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Management.Feed;

/// <summary>How a feed begins.</summary>
/// <param name="Snapshot">Its first snapshot.</param>
/// <param name="After">The sequence after which it goes on.</param>
/// <param name="IsResumed">Whether that is where the subscriber was, and not where the snapshot is.</param>
/// <param name="Reset">Why it cannot resume where the subscriber asked; null when it can, or when the subscriber did not ask.</param>
internal sealed record FeedStart(HealthSnapshot Snapshot, long After, bool IsResumed, ResetAnswer? Reset)
{
    /// <summary>What comes from disk before that; null for nothing. The feed disposes it.</summary>
    public HistoryCursor? Past { get; init; }

    /// <summary>
    /// Decides by the id of the last event that the subscriber has seen: what the log has no longer, or never had because it is of an
    /// earlier run, is read from disk.
    /// </summary>
    /// <param name="hub">The events.</param>
    /// <param name="snapshot">The health of now.</param>
    /// <param name="lastEventId">The id; null or empty when there is none.</param>
    /// <param name="history">The events on disk; null when none are kept there.</param>
    /// <param name="cancellation">Ends the wait for the disk.</param>
    public static async ValueTask<FeedStart> DecideAsync(
        EventHub hub, HealthSnapshot snapshot, string? lastEventId, IEventHistory? history, CancellationToken cancellation)
    {
        var start = Decide(hub, snapshot, lastEventId);
        if (history is null || start.Reset?.Reason is not (ResetAnswer.OtherEpoch or ResetAnswer.TooOld)
            || !EventId.TryParse(lastEventId, out var id))
        {
            return start;
        }

        var resume = await history.ResumeAsync(id, hub.Log.Oldest, cancellation);
        return resume.Answer switch
        {
            HistoryAnswer.Resumed => new FeedStart(snapshot, resume.Through, true, null) { Past = resume.Events },
            HistoryAnswer.NotYet => Afresh(snapshot, ResetAnswer.Future),
            HistoryAnswer.Missing => Afresh(
                snapshot,
                ResetAnswer.TooOld,
                new EventId(id.Epoch, id.Sequence + 1).ToString(),
                new EventId(hub.Epoch, snapshot.Through).ToString()),
            _ => start,
        };
    }

    /// <summary>Decides by the id of the last event that the subscriber has seen.</summary>
    /// <param name="hub">The events.</param>
    /// <param name="snapshot">The health of now.</param>
    /// <param name="lastEventId">The id; null or empty when there is none.</param>
    public static FeedStart Decide(EventHub hub, HealthSnapshot snapshot, string? lastEventId)
    {
        if (string.IsNullOrEmpty(lastEventId))
        {
            return new FeedStart(snapshot, snapshot.Through, false, null);
        }

        if (!EventId.TryParse(lastEventId, out var id))
        {
            return Afresh(snapshot, ResetAnswer.Malformed);
        }

        var log = hub.Log;
        return log.CanResume(id) switch
        {
            ResumeResult.Resumed => new FeedStart(snapshot, id.Sequence, true, null),

            // A snapshot may be one event ahead of the log: the fold sees each event first.
            ResumeResult.NotYet when id.Sequence <= hub.LastSequence => new FeedStart(snapshot, id.Sequence, true, null),
            ResumeResult.NotYet => Afresh(snapshot, ResetAnswer.Future),
            ResumeResult.OtherEpoch => Afresh(snapshot, ResetAnswer.OtherEpoch),
            _ => Afresh(
                snapshot,
                ResetAnswer.TooOld,
                new EventId(id.Epoch, id.Sequence + 1).ToString(),
                new EventId(id.Epoch, snapshot.Through).ToString()),
        };
    }

    private static FeedStart Afresh(HealthSnapshot snapshot, string reason, string? from = null, string? to = null) =>
        new(snapshot, snapshot.Through, false, new ResetAnswer(reason, from, to));
}
