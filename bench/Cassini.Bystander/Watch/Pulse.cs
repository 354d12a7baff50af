using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>When something was last not as it should be. Any thread.</summary>
internal sealed class Pulse
{
    private long _disturbed = Measure.Now;

    public long Disturbed => Volatile.Read(ref _disturbed);

    public void Disturb() => Volatile.Write(ref _disturbed, Measure.Now);
}
