using Cassini.Streams.Events;

namespace Cassini.Web.Management;

/// <summary>An event in the form in which every feed sends it.</summary>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Type">The SSE event type.</param>
/// <param name="Id">Its id.</param>
/// <param name="Data">One line of JSON.</param>
internal sealed record EncodedEvent(long Sequence, string Type, string Id, byte[] Data);

/// <summary>
/// Serializes each event once for all feeds: a ring beside the log, keyed by sequence. Two feeds that meet a new event
/// at once both serialize it, and either result serves: harmless, and no lock.
/// </summary>
internal sealed class EventEncoder
{
    // Feeds that are up to date are never further apart than this; one that resumes far back serializes for itself.
    private const int Kept = 1024;

    private readonly EncodedEvent?[] _ring = new EncodedEvent?[Kept];

    public EncodedEvent Of(EventEnvelope envelope)
    {
        ref var slot = ref _ring[envelope.Sequence & (Kept - 1)];
        var found = Volatile.Read(ref slot);
        if (found is null || found.Sequence != envelope.Sequence)
        {
            found = new EncodedEvent(
                envelope.Sequence,
                envelope.Event is HealthChanged ? FeedMessage.Transition : FeedMessage.Event,
                envelope.Id.ToString(),
                EventJson.Serialize(envelope));
            Volatile.Write(ref slot, found);
        }

        return found;
    }
}
