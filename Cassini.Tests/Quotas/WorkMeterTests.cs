using Cassini.Streams.Quotas;

namespace Cassini.Tests.Quotas;

public class WorkMeterTests
{
    // Timestamps of a millisecond.
    private const long Frequency = 1_000;

    private readonly WorkMeter _meter = new();

    [Fact]
    public void IsBusy_NothingDone_IsFalse() => IsBusy(1_000).ShouldBeFalse();

    [Fact]
    public void IsBusy_ABurstOfFiftyMilliseconds_IsTrueAfterwards()
    {
        Work(50, 1_000);
        IsBusy(1_000).ShouldBeFalse();

        Work(1, 1_000);
        IsBusy(1_000).ShouldBeTrue();
    }

    [Fact]
    public void IsBusy_ItHasRested_IsFalseAgain()
    {
        Work(100, 1_000);

        IsBusy(1_499).ShouldBeTrue();
        IsBusy(1_500).ShouldBeFalse();
    }

    [Fact]
    public void IsBusy_ATenthOfAProcessorForAnHour_IsFalse() =>
        Enumerable.Range(0, 36_000).ShouldAllBe(step => IsIdleAfter(step * 100L, 10));

    [Fact]
    public void IsBusy_AllOfAProcessor_IsTrueForAsLongAsItLasts()
    {
        Work(60, 0);

        Enumerable.Range(1, 1_000).ShouldAllBe(step => !IsIdleAfter(step * 10L, 10));
    }

    // The thread of a piece may not have run for most of the time, because the machine is busy.
    [Fact]
    public void IsBusy_OnePieceThatTookLong_IsFalseAndTrueAfterTheNext()
    {
        Add(400, 1_000);
        IsBusy(1_000).ShouldBeFalse();

        Work(1, 1_000);
        IsBusy(1_000).ShouldBeTrue();
    }

    // However many threads worked for it at once.
    [Fact]
    public void IsBusy_VeryMuchWasDone_IsFalseAfterHalfASecond()
    {
        Work(10_000, 1_000);

        IsBusy(1_499).ShouldBeTrue();
        IsBusy(1_500).ShouldBeFalse();
    }

    private void Work(long time, long now)
    {
        for (var left = time; left > 0; left -= 10)
        {
            Add(Math.Min(left, 10), now);
        }
    }

    private void Add(long time, long now) => _meter.Add(time, now, Frequency);

    private bool IsIdleAfter(long now, long work)
    {
        Add(work, now);
        return !IsBusy(now);
    }

    private bool IsBusy(long now) => _meter.IsBusy(now, Frequency);
}
