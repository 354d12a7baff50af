namespace Cassini.Load;

/// <summary>When a publisher may send. One thread.</summary>
/// <param name="perSecond">Messages a second; 0: as many as it likes.</param>
internal sealed class Pace(int perSecond) : IDisposable
{
    private readonly Pacer _pacer = new(TimeSpan.FromMilliseconds(1));
    private readonly long _start = Measure.Now;

    /// <summary>How many messages a millisecond has.</summary>
    public int PerMillisecond => perSecond == 0 ? int.MaxValue : perSecond / 1_000;

    /// <summary>Whether it is time for so many messages since the start.</summary>
    public bool IsDue(long sent) => perSecond == 0 || sent <= Measure.Since(_start).TotalSeconds * perSecond;

    /// <summary>Blocks for a millisecond at most.</summary>
    public void Wait() => _pacer.Wait();

    public void Dispose() => _pacer.Dispose();
}
