using Cassini.Streams.Events;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Web.Management;

/// <summary>Where a feed begins.</summary>
/// <param name="After">The event after which it resumes; null to begin with a snapshot.</param>
/// <param name="Reset">Why it cannot resume as it was asked to; null when it can, or was not asked.</param>
internal sealed record FeedStart(long? After, ResetAnswer? Reset)
{
    /// <summary>Decides by the id of the last event that the subscriber has seen.</summary>
    /// <param name="hub">The events.</param>
    /// <param name="lastEventId">The id; null or empty when there is none.</param>
    public static FeedStart Decide(EventHub hub, string? lastEventId)
    {
        if (string.IsNullOrEmpty(lastEventId))
        {
            return new FeedStart(null, null);
        }

        if (!EventId.TryParse(lastEventId, out var id))
        {
            return new FeedStart(null, new ResetAnswer(ResetAnswer.Malformed, null, null));
        }

        return hub.Log.CanResume(id) switch
        {
            ResumeResult.Resumed => new FeedStart(id.Sequence, null),

            // A snapshot may be one event ahead of the log: the fold sees each event first.
            ResumeResult.NotYet when id.Sequence <= hub.LastSequence => new FeedStart(id.Sequence, null),
            ResumeResult.NotYet => new FeedStart(null, new ResetAnswer(ResetAnswer.Future, null, null)),
            ResumeResult.OtherEpoch => new FeedStart(null, new ResetAnswer(ResetAnswer.OtherEpoch, null, null)),
            _ => new FeedStart(null, new ResetAnswer(
                ResetAnswer.TooOld,
                new EventId(id.Epoch, id.Sequence + 1).ToString(),
                new EventId(id.Epoch, hub.Log.Newest).ToString())),
        };
    }
}
