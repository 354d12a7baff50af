using Cassini.Streams.Broker.Model;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

public class WorkSliceTests
{
    private readonly VirtualClock _clock = new();

    [Theory]
    [InlineData(4.9, false)]
    [InlineData(5, true)]
    public void IsOver_ByItsTime_AfterFiveMilliseconds(double milliseconds, bool isOver)
    {
        var slice = new WorkSlice(_clock.Time);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(milliseconds));

        slice.Take(256);

        slice.IsOver.ShouldBe(isOver);
    }

    [Fact]
    public void IsOver_ByItsSteps_AfterTheMost()
    {
        var slice = new WorkSlice(_clock.Time);

        slice.Take(WorkSlice.Most - 1);
        slice.IsOver.ShouldBeFalse();
        slice.Take(256);

        slice.IsOver.ShouldBeTrue();
    }

    // It looks at the clock only from time to time, but a large piece is as much as many steps.
    [Fact]
    public void IsOver_APieceThatIsLarge_IsAskedAtOnce()
    {
        var slice = new WorkSlice(_clock.Time);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(5));

        slice.Take(255);
        slice.IsOver.ShouldBeFalse();
        slice.Until(1).ShouldBe(1);
        slice.Until(1_000).ShouldBe(1);
        slice.Take(1_000);

        slice.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void IsOver_ByWhatItLeavesToFlush_AfterTheMost()
    {
        var slice = new WorkSlice(_clock.Time);
        var flushes = new FlushSet();
        for (var i = 0; i < WorkSlice.MostFlushes; i++)
        {
            slice.Take(1, flushes);
            slice.IsOver.ShouldBeFalse();
            flushes.Add(null!);
        }

        slice.Take(1, flushes);

        slice.IsOver.ShouldBeTrue();
    }
}
