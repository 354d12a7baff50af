namespace Cassini.Streams.Events;

/// <summary>An event with its position in the total order of all events.</summary>
/// <param name="Epoch">The run of the process.</param>
/// <param name="Sequence">1, 2, 3 … without holes.</param>
/// <param name="Time">Wall-clock time, UTC, for people.</param>
/// <param name="Elapsed">Monotonic time since the epoch began: health uses only this time.</param>
/// <param name="Event">What happened.</param>
public sealed record EventEnvelope(Epoch Epoch, long Sequence, DateTimeOffset Time, TimeSpan Elapsed, BrokerEvent Event)
{
    /// <summary>The event's name, <c>&lt;epoch&gt;-&lt;sequence&gt;</c>.</summary>
    public EventId Id => new(Epoch, Sequence);
}
