using Cassini.Streams.Events;

namespace Cassini.Streams.Hosting;

/// <summary>
/// The process's figures for the samples of the load. They change all the time, so a sample without other news is published for them only
/// when one has moved far, and not often: a quiet broker stays quiet. For one caller at a time.
/// </summary>
internal sealed class ProcessWatch
{
    /// <summary>For their own sake they are published at most this often.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    /// <summary>Memory that grew or shrank by this share of itself has moved far.</summary>
    public const double FarMemory = 0.1;

    /// <summary>A processor share that changed by this share of all cores has moved far.</summary>
    public const double FarCpu = 0.05;

    private readonly Func<ProcessReading> _read;
    private readonly TimeProvider _time;
    private ProcessReading _then;
    private long _at;
    private ProcessLoad? _published;

    /// <param name="read">Reads the process.</param>
    /// <param name="time">The clock.</param>
    public ProcessWatch(Func<ProcessReading> read, TimeProvider time)
    {
        (_read, _time) = (read, time);
        (_then, _at) = (read(), time.GetTimestamp());
    }

    /// <summary>The figures of now, and since they were published last.</summary>
    /// <param name="reading">What they were made of.</param>
    public ProcessLoad Take(out ProcessReading reading)
    {
        reading = _read();
        var elapsed = _time.GetElapsedTime(_at);
        return new ProcessLoad(
            reading.Memory, reading.Heap, ShareOf(reading.CpuTime - _then.CpuTime, elapsed * reading.Cores), reading.Cores,
            reading.Threads, ShareOf(reading.GcPause - _then.GcPause, elapsed));
    }

    /// <summary>Whether they are worth a sample of their own.</summary>
    public bool IsNews(ProcessLoad load) => _published is null
        || (_time.GetElapsedTime(_at) >= Pause
            && (Math.Abs(load.Memory - _published.Memory) >= FarMemory * _published.Memory
                || Math.Abs(load.Cpu - _published.Cpu) >= FarCpu));

    /// <summary>They are published: the next ones are compared with them.</summary>
    public void Published(ProcessLoad load, ProcessReading reading)
    {
        (_then, _at) = (reading, _time.GetTimestamp());
        _published = load;
    }

    private static double ShareOf(TimeSpan part, TimeSpan whole) =>
        whole <= TimeSpan.Zero ? 0 : Math.Round(Math.Clamp(part / whole, 0, 1), 4);
}
