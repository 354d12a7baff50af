using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Gives memory back to the system after a peak. The runtime collects when the program allocates, and a program whose clients have left
/// hardly does; and it gives up free memory only after several full collections. So when the heap is much larger than what clients hold,
/// and the program does not allocate as if it needed that soon, this asks for collections in the background, one after the other, until
/// little is free or they give nothing back any more. Its timer runs only meanwhile.
/// </summary>
internal sealed class MemoryReturn : IDisposable
{
    /// <summary>Less than this is not worth a collection.</summary>
    public const long Least = 64 << 20;

    /// <summary>What is needed soon: as much as the program allocates in so many samples.</summary>
    public const int SamplesAhead = 4;

    /// <summary>It ends after so many collections in a row that gave nothing back.</summary>
    public const int Patience = 8;

    /// <summary>From one collection to the next.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>From the end to the next begin, because each collection looks at all that lives.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    private readonly IHeap _heap;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    // Of the thread that notes samples.
    private long _leastExcess = long.MaxValue;
    private long _allocated;

    // The fields below are the timer's while this is true, and otherwise of the thread that notes samples.
    private volatile bool _isReturning;
    private long? _ended;
    private long _began;
    private long _before;
    private long _lowest;
    private long _lastFull;
    private int _inVain;

    /// <param name="heap">The heap.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public MemoryReturn(IHeap heap, TimeProvider time, ILogger logger)
    {
        _heap = heap;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => GoOn(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes note of a sample of the load, and begins if it is time to. The samples come one after the other.</summary>
    /// <param name="held">How many bytes clients hold.</param>
    public void Note(long held)
    {
        var allocated = _heap.Allocated;
        var soon = (allocated - _allocated) * SamplesAhead;
        _allocated = allocated;
        if (_isReturning)
        {
            return;
        }

        var excess = Math.Max(0, _heap.Committed - held);
        _leastExcess = Math.Min(_leastExcess, excess);
        if (excess - _leastExcess >= Math.Max(Least, soon) && (_ended is not { } ended || _time.GetElapsedTime(ended) >= Rest))
        {
            _began = _time.GetTimestamp();
            _before = _lowest = _heap.Committed;
            _inVain = 0;

            // What it leaves is measured afterwards, and counts as needed from then on.
            _leastExcess = long.MaxValue;
            _isReturning = true;
            Collect();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Collect()
    {
        _lastFull = _heap.LastFull;
        _heap.CollectInBackground();
        _timer.Change(Pause, Timeout.InfiniteTimeSpan);
    }

    private void GoOn()
    {
        if (_heap.LastFull == _lastFull)
        {
            _timer.Change(Pause, Timeout.InfiniteTimeSpan);
            return;
        }

        var committed = _heap.Committed;
        _inVain++;
        if (_lowest - committed >= Least / 8)
        {
            _lowest = committed;
            _inVain = 0;
        }

        if (committed - _heap.Used >= Least && _inVain < Patience)
        {
            Collect();
            return;
        }

        HostingLog.MemoryReturned(_logger, _before >> 20, committed >> 20, _time.GetElapsedTime(_began));
        _ended = _time.GetTimestamp();
        _isReturning = false;
    }
}
