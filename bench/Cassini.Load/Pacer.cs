namespace Cassini.Load;

/// <summary>Ticks at fixed intervals from its start, without spinning. Ticks that were missed are not made up for.</summary>
internal sealed class Pacer(TimeSpan period) : IDisposable
{
    private readonly ManualResetEvent _stopped = new(false);
    private readonly long _start = Measure.Now;

    /// <summary>Blocks until the next tick; false when it was stopped. One thread.</summary>
    public bool Wait()
    {
        var passed = Measure.Since(_start);
        var left = period - TimeSpan.FromTicks(passed.Ticks % period.Ticks);
        // Waits are of whole milliseconds, and a wait of none would spin.
        return !_stopped.WaitOne(Math.Max(1, (int)Math.Round(left.TotalMilliseconds)));
    }

    /// <summary>Any thread.</summary>
    public void Stop() => _stopped.Set();

    public void Dispose() => _stopped.Dispose();
}
