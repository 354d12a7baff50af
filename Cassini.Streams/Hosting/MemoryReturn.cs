using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Gives memory back to the system after a peak. The runtime collects when the program allocates, and a program whose clients have left
/// does not; and what it collects it mostly keeps. Once clients hold far less than they did, and it falls no further, a collection in the
/// background finds out what lives. If that is little, the heap is compacted: this stops the program for a time that grows with what
/// lives. If it is much, collections in the background follow, because the runtime gives up what was free through twenty of them.
/// Not thread-safe: the samples come one after the other.
/// </summary>
/// <param name="heap">The heap.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class MemoryReturn(IHeap heap, TimeProvider time, ILogger logger)
{
    /// <summary>Less than this is not worth a collection.</summary>
    public const long Least = 64 << 20;

    /// <summary>The most that may live when the heap is compacted.</summary>
    public const long MostAlive = 32 << 20;

    /// <summary>About what a connection takes from the heap beyond the memory budget.</summary>
    public const long PerConnection = 20 << 10;

    /// <summary>The most collections after one fall.</summary>
    public const int MostRounds = 24;

    /// <summary>From one collection to the next.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private long _peak;
    private long _previous;
    private int _rounds;
    private long? _last;
    private long? _awaited;

    /// <summary>Takes note of a sample of the load, and acts if it is time to.</summary>
    public void Look(LoadSampled sample)
    {
        var held = HeldIn(sample);
        var falls = _previous - held > Least / 8;
        _previous = held;
        _peak = Math.Max(_peak, held);
        if (_awaited is { } before)
        {
            EndRound(before);
            return;
        }

        if (!falls && _peak - held >= Least && held <= _peak / 2)
        {
            _peak = held;
            _rounds = MostRounds;
        }

        if (_rounds > 0 && (_last is not { } last || time.GetElapsedTime(last) >= Pause))
        {
            _rounds--;
            _last = time.GetTimestamp();
            _awaited = heap.LastFull;
            heap.CollectInBackground();
        }
    }

    private static long HeldIn(LoadSampled sample) => (sample.Capacity?.Memory?.Used ?? 0) + (sample.Connections * PerConnection);

    private void EndRound(long before)
    {
        if (heap.LastFull == before)
        {
            return;
        }

        _awaited = null;
        var used = heap.Used;
        var committed = heap.Committed;
        if (committed - used < Least)
        {
            _rounds = 0;
        }
        else if (used <= MostAlive)
        {
            _rounds = 0;
            var start = time.GetTimestamp();
            heap.Compact();
            HostingLog.MemoryReturned(logger, committed >> 20, heap.Committed >> 20, time.GetElapsedTime(start));
        }
    }
}
