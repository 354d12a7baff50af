namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Runs periodic jobs: each at its own interval, one after another.</summary>
/// <param name="time">The clock.</param>
/// <param name="forgive">
/// Called instead of the jobs after a pause of this process, with its length: the jobs judge clients by the time, and what these sent
/// meanwhile is not read yet. The next pass runs the jobs.
/// </param>
/// <param name="jobs">The jobs, in the order in which they run when several are due.</param>
internal sealed class Housekeeper(TimeProvider time, Action<TimeSpan> forgive, params HousekeepingJob[] jobs)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>A pass that is this late came after a pause: the process was stopped, or its threads had no turn.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly long[] _doneAt = new long[jobs.Length];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        Begin();
        var passedAt = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            Work(time.GetElapsedTime(passedAt) - Interval);
            passedAt = time.GetTimestamp();
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
    /// <param name="late">How much later than planned.</param>
    internal void Work(TimeSpan late = default)
    {
        if (late >= Pause)
        {
            forgive(late);
            return;
        }

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
