using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>The durable store, as of the last event about it.</summary>
/// <param name="Level">What a stored message survives: <c>process</c> or <c>flush</c>; null until it is open.</param>
/// <param name="Bytes">The bytes of everything that is stored, dead or alive.</param>
/// <param name="LiveBytes">The bytes of what lived when everything was written anew last; 0 before the first time.</param>
/// <param name="LagSeconds">How long the oldest change waited to become durable, at the last sample.</param>
/// <param name="SlowestCommitSeconds">The longest commit between the last two samples.</param>
public sealed record StoreHealth(string? Level, long Bytes, long LiveBytes, double LagSeconds, double SlowestCommitSeconds)
{
    /// <summary>How far the start has come; null when it is not reading.</summary>
    public StoreRecovery? Recovery { get; init; }

    /// <summary>Why new messages cannot be kept; null when they can.</summary>
    public string? Problem { get; init; }

    /// <summary>The same after an event.</summary>
    /// <param name="before">Before it; null when nothing was known of a store.</param>
    /// <param name="happened">Any event.</param>
    internal static StoreHealth? After(StoreHealth? before, BrokerEvent happened)
    {
        var known = before ?? new StoreHealth(null, 0, 0, 0, 0);
        return happened switch
        {
            StoreRecovering e => known with { Recovery = new StoreRecovery(e.Read, e.Total, e.Sessions, e.Messages) },
            StoreOpened e => known with { Level = e.Level, Bytes = e.Bytes, Recovery = null },
            StoreFailed e => known with { Problem = e.Message, Bytes = e.Bytes ?? known.Bytes },
            StoreResumed e => known with { Problem = null, Bytes = e.Bytes ?? known.Bytes },
            LoadSampled { Store: { } load } => known with
            {
                Bytes = load.Bytes,
                LiveBytes = load.LiveBytes,
                LagSeconds = Math.Round(load.Lag.TotalSeconds, 3),
                SlowestCommitSeconds = Math.Round(load.SlowestCommit.TotalSeconds, 6),
            },
            _ => before,
        };
    }
}
