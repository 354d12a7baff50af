using Cassini.Streams.Store;

namespace Cassini.Management.Telemetry;

/// <summary>The durable store.</summary>
internal static class StoreInstruments
{
    public static void AddTo(Instruments instruments) => instruments
        .Counter("cassini.store.commits", "{commit}", "Groups of changes that were committed.", Of(s => s.Commits))
        .Counter("cassini.store.changes", "{change}", "Changes in these groups.", Of(s => s.Changes))
        .Counter("cassini.store.written", "By", "Bytes of these groups.", Of(s => s.Written))
        .Counter("cassini.store.commit.time", "s", "How long all commits took together.", Number(s => s.CommitTime.TotalSeconds))
        .Counter("cassini.store.rewrites", "{rewrite}", "How often everything that lives was written anew.", Of(s => s.Rewrites))
        .Gauge("cassini.store.size", "By", "Bytes of all groups that are stored, dead or alive.", Number(s => s.Bytes))
        .Gauge("cassini.store.live", "By", "Bytes that the last rewrite wrote; 0 before the first.", Number(s => s.LiveBytes))
        .Gauge("cassini.store.lag", "s", "How long the oldest change waits to become durable.", Number(s => s.Lag.TotalSeconds))
        .Gauge(
            "cassini.store.writable", null, "Whether new messages are kept: 0 while they are refused.",
            Number(s => s.TakesMessages ? 1 : 0));

    private static Func<MetricsReading, long> Of(Func<StoreStatistics, long> value) => reading => value(reading.Store!);

    private static Func<MetricsReading, double> Number(Func<StoreStatistics, double> value) => reading => value(reading.Store!);
}
