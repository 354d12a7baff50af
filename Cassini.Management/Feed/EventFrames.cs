using Cassini.Streams.Events;

namespace Cassini.Management.Feed;

/// <summary>
/// Serializes and frames each event once for all feeds: a ring beside the log, keyed by sequence. Two feeds that meet a
/// new event at once both do it, and either result serves: harmless, and no lock.
/// </summary>
internal sealed class EventFrames
{
    // Feeds that are up to date are never further apart than this; one that resumes far back serializes for itself.
    private const int Kept = 1024;

    private readonly Frame?[] _ring = new Frame?[Kept];

    /// <summary>The event's bytes on the wire.</summary>
    public ReadOnlyMemory<byte> Of(EventEnvelope envelope)
    {
        ref var slot = ref _ring[envelope.Sequence & (Kept - 1)];
        var frame = Volatile.Read(ref slot);
        if (frame is null || frame.Sequence != envelope.Sequence)
        {
            var type = envelope.Event is HealthChanged ? FeedMessage.Transition : FeedMessage.Event;
            var message = new FeedMessage(type, EventJson.Serialize(envelope), envelope.Id.ToString());
            frame = new Frame(envelope.Sequence, message.ToFrame());
            Volatile.Write(ref slot, frame);
        }

        return frame.Bytes;
    }

    private sealed record Frame(long Sequence, byte[] Bytes);
}
