using Cassini.Streams.Primitives;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Primitives;

/// <summary>The time that a peer has, without this process's own pauses.</summary>
public class PeerDeadlineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    private readonly VirtualClock _clock = new();
    private int _overdue;

    [Fact]
    public void Deadline_WithoutAPause_IsExact()
    {
        using var deadline = Begin();
        _clock.AdvanceBy(Limit - Instant);
        _overdue.ShouldBe(0);
        _clock.AdvanceBy(Instant);
        _overdue.ShouldBe(1);
        _clock.AdvanceBy(Limit * 3);
        _overdue.ShouldBe(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9.9)]
    public void Deadline_Pause_DoesNotCount(double at)
    {
        using var deadline = Begin();
        _clock.AdvanceBy(TimeSpan.FromSeconds(at));
        Pause(TimeSpan.FromMinutes(1));
        _overdue.ShouldBe(0, "what the peer sent meanwhile must be read first");

        // The slice of the pause begins anew.
        _clock.AdvanceBy(Limit / 8);
        _overdue.ShouldBe(at > 9 ? 1 : 0);
        _clock.AdvanceBy(Limit);
        _overdue.ShouldBe(1);
    }

    [Fact]
    public void Deadline_PauseAfterPause_EndsAllTheSame()
    {
        using var deadline = Begin();
        for (var i = 0; i < 16 && _overdue == 0; i++)
        {
            Pause(Limit);
        }

        _overdue.ShouldBe(1);
    }

    [Fact]
    public void Deadline_Restarted_CountsFromThen()
    {
        using var deadline = Begin();
        _clock.AdvanceBy(Limit - Instant);
        deadline.Restart(Limit * 2);
        _clock.AdvanceBy((Limit * 2) - Instant);
        _overdue.ShouldBe(0);
        _clock.AdvanceBy(Instant);
        _overdue.ShouldBe(1);
    }

    [Fact]
    public void Deadline_Disposed_IsCalledOff()
    {
        Begin().Dispose();
        _clock.AdvanceBy(Limit * 2);
        _overdue.ShouldBe(0);
    }

    private PeerDeadline Begin() => new(Limit, _clock.Time, () => _overdue++);

    /// <summary>The process is stopped, and its timers are late.</summary>
    private void Pause(TimeSpan time)
    {
        _clock.Scheduler.Sleep(time.Ticks);
        _clock.AdvanceBy(Instant);
    }
}
