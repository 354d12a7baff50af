using System.IO.Enumeration;

namespace Cassini.Streams.Hosting;

/// <summary>What the system and the runtime say of this process at one instant.</summary>
/// <param name="Memory">Bytes of physical memory that it occupies.</param>
/// <param name="Heap">Bytes of the managed heap in use.</param>
/// <param name="CpuTime">Processor time that it has used since it started.</param>
/// <param name="Cores">Cores that it may use.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="GcPause">How long it has stood still for garbage collections since it started.</param>
internal readonly record struct ProcessReading(long Memory, long Heap, TimeSpan CpuTime, int Cores, int Threads, TimeSpan GcPause)
{
    private const string ThreadsOfLinux = "/proc/self/task";

    /// <summary>Reads all of it: about 60 µs, so not for each request. Any thread.</summary>
    public static ProcessReading Take() => new(
        ReadMemory(), ManagedHeap.Instance.Used, ReadCpuTime(), Environment.ProcessorCount, CountThreads(),
        GC.GetTotalPauseDuration());

    /// <summary>Bytes of physical memory that the process occupies. Any thread.</summary>
    public static long ReadMemory() => Environment.WorkingSet;

    /// <summary>Processor time that the process has used since it started. Any thread.</summary>
    public static TimeSpan ReadCpuTime() => Environment.CpuUsage.TotalTime;

    /// <summary>The threads of the process. Any thread.</summary>
    public static int CountThreads()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                return new FileSystemEnumerable<byte>(ThreadsOfLinux, static (ref _) => 0).Count();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It is not there in some containers, and without a free descriptor it cannot be opened: slowly, then.
            }
        }

        try
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.Threads.Count;
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // A sample of the load must not fail for a figure, least of all when there is no free descriptor.
            return 0;
        }
    }
}
