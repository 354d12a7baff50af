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
        _meter.Add(50, 1_000);
        IsBusy(1_000).ShouldBeFalse();

        _meter.Add(1, 1_000);
        IsBusy(1_000).ShouldBeTrue();
    }

    [Fact]
    public void IsBusy_ItHasRested_IsFalseAgain()
    {
        _meter.Add(100, 1_000);

        IsBusy(1_499).ShouldBeTrue();
        IsBusy(1_500).ShouldBeFalse();
    }

    [Fact]
    public void IsBusy_ATenthOfAProcessorForAnHour_IsFalse() =>
        Enumerable.Range(0, 36_000).ShouldAllBe(step => IsIdleAfter(step * 100L, 10));

    [Fact]
    public void IsBusy_AllOfAProcessor_IsTrueForAsLongAsItLasts()
    {
        _meter.Add(60, 0);

        Enumerable.Range(1, 1_000).ShouldAllBe(step => !IsIdleAfter(step * 10L, 10));
    }

    private bool IsIdleAfter(long now, long work)
    {
        _meter.Add(work, now);
        return !IsBusy(now);
    }

    private bool IsBusy(long now) => _meter.IsBusy(now, Frequency);
}
