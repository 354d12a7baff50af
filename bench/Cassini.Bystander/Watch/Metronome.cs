using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>
/// A thread that acts at fixed times. A time that was missed is made up for at once, and its act gets the time at which it was due: what
/// a late act has to wait for is the broker's, too.
/// </summary>
internal sealed class Metronome : IDisposable
{
    private readonly ManualResetEvent _stopped = new(false);
    private readonly Thread _thread;

    /// <param name="period">Between two acts.</param>
    /// <param name="act">Gets the time at which it was due.</param>
    public Metronome(TimeSpan period, Action<long> act)
    {
        _thread = new Thread(() => Run(period, act)) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Waits for an act that is under way, but not for ever.</summary>
    public void Stop()
    {
        _stopped.Set();
        _thread.Join(TimeSpan.FromSeconds(15));
    }

    public void Dispose() => _stopped.Dispose();

    private void Run(TimeSpan period, Action<long> act)
    {
        var due = Measure.Now;
        var step = (long)(period.TotalSeconds * TimeProvider.System.TimestampFrequency);
        do
        {
            act(due);
            due += step;
        }
        while (!_stopped.WaitOne((int)Math.Max(0, Math.Ceiling(-Measure.Since(due).TotalMilliseconds))));
    }
}
