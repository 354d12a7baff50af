using Cassini.Streams.Probing;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Probing;

/// <summary>When something that does not answer counts as stalled.</summary>
public class StallWatchTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Watch_NoAnswerForTheLimit_IsStalled()
    {
        var watch = new StallWatch(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(3), _clock.Time);
        for (var i = 1; i < 5; i++)
        {
            _clock.AdvanceBy(TimeSpan.FromSeconds(3));
            watch.IsStalled().ShouldBeFalse();
        }

        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        watch.IsStalled().ShouldBeTrue();
        watch.Reset();
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        watch.IsStalled().ShouldBeFalse();
    }

    // A restart would close the socket with everyone that waits in its backlog.
    [Fact]
    public void Watch_PauseOfTheProcess_IsNoStall()
    {
        var watch = new StallWatch(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(3), _clock.Time);
        _clock.AdvanceBy(TimeSpan.FromHours(1));
        watch.IsStalled().ShouldBeFalse();
    }
}
