namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// A session is about to move to another node, and gets messages meanwhile: their numbers in the fleet, by which the other node finds those
/// that it has got as well. Belongs to the session's lock.
/// </summary>
internal sealed class Leaving
{
    private readonly Dictionary<long, ulong> _origins = [];

    /// <summary>A message was queued.</summary>
    public void Note(long sequence, ulong origin) => _origins[sequence] = origin;

    /// <summary>The number of a message in the fleet; 0 when it came before.</summary>
    public ulong OriginOf(long sequence) => _origins.GetValueOrDefault(sequence);
}
