using Cassini.Streams.Broker.Model;
using Cassini.Streams.Health;
using Cassini.Streams.Store;

namespace Cassini.Management.Telemetry;

/// <summary>Every number of one collection, read at one instant: they agree with each other and carry one revision.</summary>
/// <param name="Snapshot">Health.</param>
/// <param name="Broker">The broker's own counters; null when the host serves another protocol.</param>
/// <param name="Events">The event log.</param>
/// <param name="Feeds">The open feeds.</param>
/// <param name="Waits">Long polls that are held back.</param>
/// <param name="Refused">Refused callers, each reason with its count.</param>
internal sealed record MetricsReading(
    HealthSnapshot Snapshot, BrokerStatistics? Broker, EventNumbers Events, FeedNumbers Feeds, int Waits,
    IReadOnlyList<KeyValuePair<string, long>> Refused)
{
    /// <summary>For each resource, how often an identity got no more of it because of its own share.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> OverQuota { get; init; } = [];

    /// <summary>Messages over HTTP; all zero when the host serves another protocol.</summary>
    public MessageNumbers Messages { get; init; }

    /// <summary>The durable store; null when nothing is stored.</summary>
    public StoreStatistics? Store { get; init; }

    /// <summary>The history on disk; all zero when none is kept.</summary>
    public HistoryNumbers History { get; init; }
}

/// <summary>What the event hub counts.</summary>
internal readonly record struct EventNumbers(long Newest, long Oldest, int Capacity, long Late, long FoldFaults);

/// <summary>What the writer of the history counts.</summary>
/// <param name="IsWritten">Whether events are written.</param>
/// <param name="Bytes">The size on disk.</param>
/// <param name="Lost">Events that were not written in time.</param>
/// <param name="Failures">Failed attempts.</param>
internal readonly record struct HistoryNumbers(bool IsWritten, long Bytes, long Lost, long Failures);

/// <summary>What publishing and subscribing over HTTP count.</summary>
/// <param name="Published">Messages that were published.</param>
/// <param name="Streams">Streams that are open.</param>
/// <param name="Sent">Messages that were sent to all streams.</param>
/// <param name="Dropped">Messages that readers were too slow for.</param>
internal readonly record struct MessageNumbers(long Published, int Streams, long Sent, long Dropped);

/// <summary>What the feeds count.</summary>
internal sealed record FeedNumbers(int Open, long Sent, long Refused, IReadOnlyDictionary<string, long> Resets);
