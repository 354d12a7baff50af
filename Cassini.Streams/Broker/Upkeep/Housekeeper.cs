namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Runs periodic jobs: each at its own interval, one after another.</summary>
/// <param name="time">The clock.</param>
/// <param name="jobs">The jobs, in the order in which they run when several are due.</param>
internal sealed class Housekeeper(TimeProvider time, params HousekeepingJob[] jobs)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly long[] _doneAt = new long[jobs.Length];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        Begin();
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            Work();
        }
    }

    /// <summary>Runs the jobs that are due at the start.</summary>
    internal void Begin()
    {
        Array.Fill(_doneAt, time.GetTimestamp());
        foreach (var job in jobs)
        {
            if (job.AtStart)
            {
                job.Work();
            }
        }
    }

    /// <summary>Runs the jobs that are due now. One call at a time.</summary>
    internal void Work()
    {
        for (var i = 0; i < jobs.Length; i++)
        {
            if (time.GetElapsedTime(_doneAt[i]) >= jobs[i].Interval)
            {
                _doneAt[i] = time.GetTimestamp();
                jobs[i].Work();
            }
        }
    }
}

/// <summary>A job of the housekeeper.</summary>
/// <param name="Interval">How often it is due; zero for every pass of the housekeeper.</param>
/// <param name="Work">Runs the job. Must not wait.</param>
/// <param name="AtStart">Whether it is due at the start as well.</param>
internal sealed record HousekeepingJob(TimeSpan Interval, Action Work, bool AtStart = false);
