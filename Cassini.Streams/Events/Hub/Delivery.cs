namespace Cassini.Streams.Events.Hub;

/// <summary>Events that an observer missed because it was too slow. The observer always receives the gap.</summary>
/// <param name="From">The first sequence missed.</param>
/// <param name="To">The last sequence missed.</param>
public readonly record struct Gap(long From, long To);

/// <summary>What an observer of the hub receives: the next event, or a gap.</summary>
/// <param name="Envelope">The event; null for a gap.</param>
/// <param name="Gap">The gap; meaningful only when there is no event.</param>
public readonly record struct Delivery(EventEnvelope? Envelope, Gap Gap)
{
    /// <summary>The next event.</summary>
    public static Delivery Of(EventEnvelope envelope) => new(envelope, default);

    /// <summary>Events that were missed.</summary>
    public static Delivery Missed(long from, long to) => new(null, new Gap(from, to));
}
