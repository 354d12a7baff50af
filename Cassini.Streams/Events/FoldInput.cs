namespace Cassini.Streams.Events;

/// <summary>What a fold is fed: an event, or the mere passing of time.</summary>
/// <param name="Elapsed">Monotonic time since the epoch began; never less than that of the input before.</param>
/// <param name="Envelope">The event; null for a tick.</param>
internal readonly record struct FoldInput(TimeSpan Elapsed, EventEnvelope? Envelope)
{
    /// <summary>Whether only time passed.</summary>
    public bool IsTick => Envelope is null;
}
