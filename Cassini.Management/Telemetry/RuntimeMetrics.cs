using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Cassini.Management.Telemetry;

/// <summary>What .NET reports about the process: memory, garbage collections, processor time, the thread pool.</summary>
internal static class RuntimeMetrics
{
    public const string MeterName = "System.Runtime";

    /// <summary>Chosen ones. Null keeps the name; a name that Prometheus reserves for histograms is another.</summary>
    private static readonly FrozenDictionary<string, string?> Chosen = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["dotnet.process.cpu.time"] = null,
        ["dotnet.process.memory.working_set"] = null,
        ["dotnet.gc.collections"] = null,
        ["dotnet.gc.heap.total_allocated"] = null,
        ["dotnet.gc.last_collection.heap.size"] = null,
        ["dotnet.gc.last_collection.memory.committed_size"] = null,
        ["dotnet.gc.pause.time"] = null,
        ["dotnet.monitor.lock_contentions"] = null,
        ["dotnet.thread_pool.thread.count"] = "dotnet.thread_pool.threads",
        ["dotnet.thread_pool.queue.length"] = null,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The instruments' names.</summary>
    public static IEnumerable<string> Names => Chosen.Select(chosen => chosen.Value ?? chosen.Key);

    public static MetricStreamConfiguration ViewOf(Instrument instrument, int mostSeries) =>
        instrument.Meter.Name == MeterName && Chosen.TryGetValue(instrument.Name, out var name)
            ? new MetricStreamConfiguration { Name = name, CardinalityLimit = mostSeries }
            : MetricStreamConfiguration.Drop;
}
