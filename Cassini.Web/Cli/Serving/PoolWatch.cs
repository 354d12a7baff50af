namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Gives the thread pool more threads within a second when all of its threads are blocked. By itself it adds about one a second, and
/// timers and sockets, and with them heartbeats, would wait that long (docs/decisions/0037). On a thread of its own.
/// </summary>
internal sealed class PoolWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>The same while nothing waits for a thread: each look wakes this one.</summary>
    private static readonly TimeSpan IntervalAtRest = TimeSpan.FromMilliseconds(400);

    private readonly ManualResetEventSlim _end = new();
    private readonly TimeProvider _time;
    private readonly Thread _thread;

    private PoolWatch(TimeProvider time)
    {
        _time = time;
        _thread = new Thread(Run) { Name = "cassini pool", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Begins to watch; null when the environment sets the number of threads.</summary>
    public static PoolWatch? Start(TimeProvider time)
    {
        ThreadPool.GetMinThreads(out var workers, out _);
        return workers == Environment.ProcessorCount ? new PoolWatch(time) : null;
    }

    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _end.Dispose();
    }

    private void Run()
    {
        ThreadPool.GetMinThreads(out var least, out var completions);
        var size = new PoolSize(least);
        var (at, used, done) = (_time.GetTimestamp(), Environment.CpuUsage.TotalTime, ThreadPool.CompletedWorkItemCount);
        while (!_end.Wait(size.IsAtRest ? IntervalAtRest : Interval))
        {
            var (now, usedNow, doneNow) = (_time.GetTimestamp(), Environment.CpuUsage.TotalTime, ThreadPool.CompletedWorkItemCount);
            var busy = (usedNow - used) / (_time.GetElapsedTime(at, now) * Environment.ProcessorCount);
            var before = size.Threads;
            if (size.Look(ThreadPool.PendingWorkItemCount, doneNow - done, busy) != before)
            {
                ThreadPool.SetMinThreads(size.Threads, completions);
            }

            (at, used, done) = (now, usedNow, doneNow);
        }

        ThreadPool.SetMinThreads(least, completions);
    }
}
