namespace Cassini.Tests.VirtualTime;

public class VirtualTimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Never = Timeout.InfiniteTimeSpan;
    private readonly VirtualClock _clock = new();
    private readonly List<double> _fired = [];

    [Fact]
    public void OneShot_Armed_FiresOnce()
    {
        using var timer = Timer(Second, Never);
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBe([1]);
    }

    [Fact]
    public void ZeroPeriod_Armed_FiresOnce()
    {
        using var timer = Timer(Second, TimeSpan.Zero);
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBe([1]);
    }

    [Fact]
    public void Periodic_Armed_FiresAtDueTimeAndThenEveryPeriod()
    {
        using var timer = Timer(Second, 3 * Second);
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBe([1, 4, 7, 10]);
    }

    [Fact]
    public void ZeroDueTime_Armed_FiresWhenTimeMovesAndNotInline()
    {
        using var timer = Timer(TimeSpan.Zero, Never);
        _fired.ShouldBeEmpty();
        _clock.AdvanceBy(TimeSpan.FromTicks(1));
        _fired.Count.ShouldBe(1);
    }

    [Fact]
    public void InfiniteDueTime_NotArmed_NeverFiresUntilChanged()
    {
        using var timer = Timer(Never, Second);
        _clock.Time.ArmedTimers.ShouldBe(0);
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBeEmpty();
        timer.Change(Second, Second).ShouldBeTrue();
        _clock.AdvanceBy(2 * Second);
        _fired.ShouldBe([11, 12]);
    }

    [Fact]
    public void Change_WhileArmed_ReplacesWhatWasArmed()
    {
        using var timer = Timer(2 * Second, 2 * Second);
        _clock.AdvanceBy(Second);
        timer.Change(5 * Second, Never).ShouldBeTrue();
        _clock.Time.ArmedTimers.ShouldBe(1);
        _clock.AdvanceBy(20 * Second);
        _fired.ShouldBe([6]);
    }

    [Fact]
    public void Change_ToInfinite_Disarms()
    {
        using var timer = Timer(Second, Second);
        _clock.AdvanceBy(Second);
        timer.Change(Never, Never).ShouldBeTrue();
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBe([1]);
        _clock.Time.ArmedTimers.ShouldBe(0);
    }

    [Fact]
    public void Change_FromItsOwnCallback_HasTheLastWord()
    {
        ITimer? timer = null;
        timer = _clock.Time.CreateTimer(
            _ =>
            {
                _fired.Add(_clock.Elapsed.TotalSeconds);
                timer!.Change(3 * Second, Never);
            },
            null,
            Second,
            Second);
        _clock.AdvanceBy(8 * Second);
        _fired.ShouldBe([1, 4, 7]);
    }

    [Fact]
    public void Disposed_NeitherFiresNorChanges()
    {
        var timer = Timer(Second, Second);
        timer.Dispose();
        timer.Dispose();
        timer.Change(Second, Second).ShouldBeFalse();
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBeEmpty();
        _clock.Time.ArmedTimers.ShouldBe(0);
    }

    [Fact]
    public void Disposed_FromItsOwnCallback_StopsThePeriod()
    {
        ITimer? timer = null;
        ValueTask disposal = default;
        timer = _clock.Time.CreateTimer(
            _ =>
            {
                _fired.Add(_clock.Elapsed.TotalSeconds);
                disposal = timer!.DisposeAsync();
                disposal.IsCompleted.ShouldBeFalse("the callback still runs");
            },
            null,
            Second,
            Second);
        _clock.AdvanceBy(10 * Second);
        _fired.ShouldBe([1]);
        disposal.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void DisposeAsync_WhileIdle_CompletesAtOnce() => Timer(Second, Second).DisposeAsync().IsCompletedSuccessfully.ShouldBeTrue();

    [Fact]
    public void Callback_ThatThrows_ComesOutOfTheAdvanceAndLeavesTheTimerArmed()
    {
        using var timer = _clock.Time.CreateTimer(_ => throw new InvalidOperationException("boom"), null, Second, Second);
        Should.Throw<InvalidOperationException>(() => _clock.AdvanceBy(Second)).Message.ShouldBe("boom");
        _clock.Time.ArmedTimers.ShouldBe(1);
    }

    [Fact]
    public void Callback_GetsItsStateAndTheContextOfItsCreation()
    {
        var ambient = new AsyncLocal<string> { Value = "creation" };
        var state = new object();
        (object? State, string? Ambient) seen = default;
        using var timer = _clock.Time.CreateTimer(given => seen = (given, ambient.Value), state, Second, Never);
        ambient.Value = "later";
        _clock.AdvanceBy(Second);
        seen.ShouldBe((state, "creation"));
    }

    [Fact]
    public void Create_OutOfRange_Throws()
    {
        Should.Throw<ArgumentNullException>(() => _clock.Time.CreateTimer(null!, null, Second, Never));
        Should.Throw<ArgumentOutOfRangeException>(() => Timer(-Second, Never)).ParamName.ShouldBe("dueTime");
        Should.Throw<ArgumentOutOfRangeException>(() => Timer(Second, TimeSpan.FromDays(50))).ParamName.ShouldBe("period");
        _clock.Time.ArmedTimers.ShouldBe(0);
    }

    [Fact]
    public async Task Change_FromManyThreads_LeavesOneArmedTimer()
    {
        using var timer = Timer(Never, Never);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                timer.Change(Second, Never);
            }
        })));
        _clock.Time.ArmedTimers.ShouldBe(1);
        _clock.AdvanceBy(Second);
        _fired.ShouldBe([1]);
        _clock.Time.ArmedTimers.ShouldBe(0);
    }

    private ITimer Timer(TimeSpan dueTime, TimeSpan period) =>
        _clock.Time.CreateTimer(_ => _fired.Add(_clock.Elapsed.TotalSeconds), null, dueTime, period);
}
