namespace Cassini.Streams.Events.Hub;

/// <summary>The input of a fold: an event, or only the passing of time.</summary>
/// <param name="Elapsed">Monotonic time since the epoch began; never less than that of the input before.</param>
/// <param name="Envelope">The event; null for a tick.</param>
internal readonly record struct FoldInput(TimeSpan Elapsed, EventEnvelope? Envelope)
{
    /// <summary>Whether only time passed.</summary>
    public bool IsTick => Envelope is null;
}
