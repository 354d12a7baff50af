namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Runs periodic jobs: each at its own interval, one after another.</summary>
/// <param name="time">The clock.</param>
/// <param name="forgive">
/// Called after a pause of this process, with its length, instead of the jobs that judge clients by the time: what these sent meanwhile is
/// not read yet. The next pass judges them, even if it is late as well: a machine that is always late must still notice who is gone.
/// </param>
/// <param name="jobs">The jobs, in the order in which they run when several are due.</param>
internal sealed class Housekeeper(TimeProvider time, Action<TimeSpan> forgive, params HousekeepingJob[] jobs)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>A pass that is this late came after a pause: the process was stopped, or its threads had no turn.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly long[] _doneAt = new long[jobs.Length];
    private bool _hasForgiven;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        await BeginAsync().ConfigureAwait(false);
        var passedAt = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await WorkAsync(time.GetElapsedTime(passedAt) - Interval).ConfigureAwait(false);
            passedAt = time.GetTimestamp();
        }
    }

    /// <summary>Runs the jobs that are due at the start.</summary>
    internal async ValueTask BeginAsync()
    {
        Array.Fill(_doneAt, time.GetTimestamp());
        foreach (var job in jobs)
        {
            if (job.AtStart)
            {
                await job.Work().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs the jobs that are due now. One call at a time.</summary>
    /// <param name="late">How much later than planned.</param>
    internal async ValueTask WorkAsync(TimeSpan late = default)
    {
        _hasForgiven = late >= Pause && !_hasForgiven;
        if (_hasForgiven)
        {
            forgive(late);
        }

        for (var i = 0; i < jobs.Length; i++)
        {
            if (time.GetElapsedTime(_doneAt[i]) >= jobs[i].Interval && !(_hasForgiven && jobs[i].JudgesClients))
            {
                _doneAt[i] = time.GetTimestamp();
                await jobs[i].Work().ConfigureAwait(false);
            }
        }
    }
}

/// <summary>A job of the housekeeper.</summary>
/// <param name="Interval">How often it is due; zero for every pass of the housekeeper.</param>
/// <param name="Work">Runs the job. It gives its thread to others after a bounded piece of work, and waits for nothing else.</param>
/// <param name="AtStart">Whether it is due at the start as well.</param>
/// <param name="JudgesClients">Whether it judges clients by the time: not in the first pass after a pause.</param>
internal sealed record HousekeepingJob(TimeSpan Interval, Func<ValueTask> Work, bool AtStart = false, bool JudgesClients = false);
