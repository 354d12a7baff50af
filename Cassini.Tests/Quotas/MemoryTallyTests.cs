using Cassini.Streams.Events;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Quotas;

/// <summary>What an account knows of a queue that tells it in lumps.</summary>
public class MemoryTallyTests
{
    private const int Each = 300;

    private readonly MemoryBudget _budget;
    private readonly AccountMemory _memory;
    private readonly MemoryTally _tally;

    public MemoryTallyTests()
    {
        var accounts = new AccountTable(QuotaOptions.Whole);
        _budget = new MemoryBudget(long.MaxValue, accounts);
        _memory = _budget.Of(accounts.Open("a"));
        _tally = new MemoryTally(_memory);
    }

    [Fact]
    public void Take_TheFirst_IsKnownAtOnce()
    {
        _tally.Take(Each, Each);

        _memory.Held.ShouldBe(Each);
        _budget.Used.ShouldBe(Each);
    }

    [Fact]
    public void TakeAndReturn_OfALongQueue_IsToldInLumps()
    {
        for (var i = 0; i < 1000; i++)
        {
            _tally.Take(Each, Each);
        }

        var told = _memory.Held;
        told.ShouldBeInRange((1000 * Each) - 4096, 1000 * Each);

        // What comes and goes meanwhile, no thread sees.
        for (var i = 0; i < 1000; i++)
        {
            _tally.Take(Each, Each);
            _tally.Return(Each, Each);
        }

        _memory.Held.ShouldBe(told);
    }

    [Fact]
    public void Return_TheLast_IsKnownAtOnce_AlsoWhenOthersGaveBackAPart()
    {
        for (var i = 0; i < 100; i++)
        {
            _tally.Take(Each, Each);
        }

        // A body that the queue was the first to hold, and another holder gave back.
        _memory.Return(200);
        _tally.Return(100, 100);
        for (var i = 1; i < 100; i++)
        {
            _tally.Return(Each, Each);
        }

        _memory.Held.ShouldBe(0);
        _budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Return_OfAPart_WakesThoseWhoWait()
    {
        var accounts = new AccountTable(new QuotaOptions { Memory = Share.Of(20_000) });
        var memory = new MemoryBudget(100_000, accounts).Of(accounts.Open("a"));
        var tally = new MemoryTally(memory);
        for (var i = 0; i < 13; i++)
        {
            tally.Take(2_000, 2_000);
        }

        memory.IsClosed.ShouldBeTrue();
        var room = memory.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken.None);
        room.IsCompleted.ShouldBeFalse();

        for (var i = 0; i < 7; i++)
        {
            tally.Return(2_000, 2_000);
        }

        memory.Account.Held(CapacityResource.Memory).ShouldBeLessThan(18_000);
        (await Eventually.CompletesAsync("there is room", room)).ShouldBeTrue();
    }

    // The holder has a body more that others hold too, and gives one back that nobody else holds: the total falls, and its own does not.
    [Fact]
    public async Task Change_OfWhichOnlyTheTotalFalls_WakesThoseWhoWait()
    {
        var accounts = new AccountTable(new QuotaOptions { Memory = Share.Of(60_000) });
        var budget = new MemoryBudget(100_000, accounts);
        var (memory, other) = (budget.Of(accounts.Open("a")), budget.Of(accounts.Open("b")));
        var tally = new MemoryTally(memory);
        for (var i = 0; i < 10; i++)
        {
            tally.Take(4_000, 4_000);
        }

        other.Take(30_000);
        budget.Of(accounts.Open("c")).Take(30_000);
        other.IsClosed.ShouldBeTrue("it has more than is left");
        var room = other.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken.None);
        room.IsCompleted.ShouldBeFalse();

        tally.Take(4_000, -40_000);

        budget.Used.ShouldBe(60_000);
        (await Eventually.CompletesAsync("there is room", room)).ShouldBeTrue();
    }
}
