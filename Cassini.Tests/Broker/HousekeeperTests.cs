using Cassini.Streams.Broker.Upkeep;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

/// <summary>When periodic jobs run, and when not.</summary>
public class HousekeeperTests
{
    private static readonly TimeSpan Pass = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task Work_AlwaysLate_ForgivesAndJudgesInTurnAndDoesTheRestEachTime()
    {
        var clock = new VirtualClock();
        var log = new List<string>();
        var housekeeper = new Housekeeper(
            clock.Time,
            _ => log.Add("forgive"),
            new HousekeepingJob(TimeSpan.Zero, () => Note(log, "judge"), JudgesClients: true),
            new HousekeepingJob(TimeSpan.Zero, () => Note(log, "rest")));
        await housekeeper.WorkAsync(TimeSpan.FromSeconds(10));
        await housekeeper.WorkAsync(TimeSpan.FromSeconds(10));
        await housekeeper.WorkAsync(TimeSpan.FromSeconds(10));
        await housekeeper.WorkAsync();
        log.ShouldBe(["forgive", "rest", "judge", "rest", "forgive", "rest", "judge", "rest"]);
    }

    [Fact]
    public async Task Run_AfterAPause_ForgivesFirstAndJudgesWithTheNextPass()
    {
        var clock = new VirtualClock();
        using var passes = new SemaphoreSlim(0);
        var forgiven = new List<TimeSpan>();
        var worked = 0;
        var housekeeper = new Housekeeper(
            clock.Time,
            pause =>
            {
                forgiven.Add(pause);
                passes.Release();
            },
            new HousekeepingJob(TimeSpan.Zero, () =>
            {
                worked++;
                passes.Release();
                return ValueTask.CompletedTask;
            },
            JudgesClients: true));
        using var stop = new CancellationTokenSource();
        var running = housekeeper.RunAsync(stop.Token);
        for (var i = 0; i < 3; i++)
        {
            clock.AdvanceBy(Pass);
            await Eventually.CompletesAsync("a pass", passes.WaitAsync(TestContext.Current.CancellationToken));
        }

        worked.ShouldBe(3);
        clock.Scheduler.Sleep(TimeSpan.FromSeconds(10).Ticks);
        clock.AdvanceBy(TimeSpan.FromTicks(1));
        await Eventually.CompletesAsync("the pass after the pause", passes.WaitAsync(TestContext.Current.CancellationToken));
        worked.ShouldBe(3);
        forgiven.ShouldHaveSingleItem().ShouldBeInRange(TimeSpan.FromSeconds(9.7), TimeSpan.FromSeconds(9.8));

        clock.AdvanceBy(Pass);
        await Eventually.CompletesAsync("the next pass", passes.WaitAsync(TestContext.Current.CancellationToken));
        worked.ShouldBe(4);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    private static ValueTask Note(List<string> log, string what)
    {
        log.Add(what);
        return ValueTask.CompletedTask;
    }
}
