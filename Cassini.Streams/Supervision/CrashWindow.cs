namespace Cassini.Streams.Supervision;

/// <summary>The crashes of one component within the policy's window. For one thread at a time.</summary>
internal sealed class CrashWindow(TimeSpan window, TimeProvider time)
{
    private readonly Queue<long> _crashes = new();

    /// <summary>Records a crash.</summary>
    /// <returns>How many crashes are in the window now, including this one.</returns>
    public int Record()
    {
        var now = time.GetTimestamp();
        while (_crashes.TryPeek(out var oldest) && time.GetElapsedTime(oldest, now) >= window)
        {
            _crashes.Dequeue();
        }

        _crashes.Enqueue(now);
        return _crashes.Count;
    }
}
