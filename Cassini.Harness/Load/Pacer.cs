using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>
/// Waits until the next message may be sent. Pauses count from burst to burst, so that delays do not add up; but a burst that was missed
/// because the client was slow is not made up for.
/// </summary>
internal sealed class Pacer(PlanPattern pattern, TimeProvider time)
{
    private int _sent;
    private long _due = time.GetTimestamp();

    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (pattern.Idle == TimeSpan.Zero || _sent++ < pattern.Size)
        {
            return ValueTask.CompletedTask;
        }

        _sent = 1;
        var now = time.GetTimestamp();
        _due = Math.Max(_due + (long)(pattern.Idle.TotalSeconds * time.TimestampFrequency), now);
        var pause = time.GetElapsedTime(now, _due);
        return pause > TimeSpan.Zero ? new ValueTask(Task.Delay(pause, time, cancellation)) : ValueTask.CompletedTask;
    }
}
