using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Cassini.Management.Telemetry;

/// <summary>
/// What .NET reports about the process: memory, garbage collections, processor time, locks. Its instruments of the thread pool are not
/// among them, because .NET declares them as counters: <see cref="ProcessInstruments"/> has them as gauges.
/// </summary>
internal static class RuntimeMetrics
{
    public const string MeterName = "System.Runtime";

    private static readonly FrozenSet<string> Chosen = FrozenSet.Create(
        StringComparer.Ordinal,
        "dotnet.process.cpu.time",
        "dotnet.process.memory.working_set",
        "dotnet.gc.collections",
        "dotnet.gc.heap.total_allocated",
        "dotnet.gc.last_collection.heap.size",
        "dotnet.gc.last_collection.memory.committed_size",
        "dotnet.gc.pause.time",
        "dotnet.monitor.lock_contentions");

    /// <summary>The instruments' names.</summary>
    public static IEnumerable<string> Names => Chosen;

    public static MetricStreamConfiguration ViewOf(Instrument instrument, int mostSeries) =>
        instrument.Meter.Name == MeterName && Chosen.Contains(instrument.Name)
            ? new MetricStreamConfiguration { CardinalityLimit = mostSeries }
            : MetricStreamConfiguration.Drop;
}
