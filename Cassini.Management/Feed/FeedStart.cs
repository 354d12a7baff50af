using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Management.Feed;

/// <summary>How a feed begins.</summary>
/// <param name="Snapshot">Its first snapshot.</param>
/// <param name="After">The sequence after which it goes on.</param>
/// <param name="IsResumed">Whether that is where the subscriber was, and not where the snapshot is.</param>
/// <param name="Reset">Why it cannot resume where the subscriber asked; null when it can, or when the subscriber did not ask.</param>
internal sealed record FeedStart(HealthSnapshot Snapshot, long After, bool IsResumed, ResetAnswer? Reset)
{
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
