using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Management.Telemetry;

/// <summary>
/// The process as every Prometheus client library describes it, and the two instruments of .NET that .NET itself declares as counters
/// although their values fall. Each is read at the collection. What the system does not tell has no value.
/// </summary>
internal static class ProcessInstruments
{
    public static void AddTo(Meter meter)
    {
        meter.CreateObservableCounter(
            "process.cpu.time", () => ProcessReading.ReadCpuTime().TotalSeconds, "s", "Processor time that the process used.");
        meter.CreateObservableGauge(
            "process.memory.usage", ProcessReading.ReadMemory, "By", "Physical memory that the process occupies.");
        meter.CreateObservableGauge(
            "process.memory.virtual", () => Of(process => process.VirtualMemorySize64), "By", "Virtual memory of the process.");
        meter.CreateObservableGauge("process.thread.count", ProcessReading.CountThreads, "{thread}", "Threads of the process.");
        meter.CreateObservableGauge(
            "process.start_time", () => Of(process => Seconds(process.StartTime)), "s",
            "When the process started, in seconds since 1970.");
        AddDescriptors(meter);
        AddThreadPool(meter);
    }

    private static void AddDescriptors(Meter meter)
    {
        meter.CreateObservableGauge(
            "process.unix.file_descriptor.count",
            () => IfAny(OpenDescriptors.Count()),
            "{file_descriptor}", "Open file descriptors.");
        meter.CreateObservableGauge(
            "process.unix.file_descriptor.limit", () => IfAny(DescriptorBudget.Read()), "{file_descriptor}",
            "The most file descriptors that may be open.");
    }

    private static void AddThreadPool(Meter meter)
    {
        meter.CreateObservableGauge("dotnet.thread_pool.threads", () => ThreadPool.ThreadCount, "{thread}", "Threads of the thread pool.");
        meter.CreateObservableGauge(
            "dotnet.thread_pool.queue.length", () => ThreadPool.PendingWorkItemCount, "{work_item}",
            "Work items that wait for a thread of the pool.");
    }

    private static double Seconds(DateTime time) => HealthInstruments.UnixSeconds(time);

    private static T Of<T>(Func<Process, T> value)
    {
        using var process = Process.GetCurrentProcess();
        return value(process);
    }

    private static IEnumerable<Measurement<long>> IfAny(long? value) => value is { } known ? [new(known)] : [];
}
