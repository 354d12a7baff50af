using Cassini.Streams.Events;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Quotas;

/// <summary>What one identity may take of the memory, and when it may go on.</summary>
public class AccountMemoryTests
{
    private const long Limit = 100_000;
    private const long Little = Limit / 256;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly VirtualClock _clock = new();
    private readonly AccountTable _accounts = new(QuotaOptions.Whole with { Memory = Share.Percent(25) });
    private readonly MemoryBudget _budget;

    public AccountMemoryTests() => _budget = new MemoryBudget(Limit, _accounts);

    [Fact]
    public void Take_UpToTheShare_ClosesTheIdentityAlone()
    {
        var greedy = Of("greedy");
        greedy.TryTake(25_000).ShouldBeTrue();
        greedy.IsClosed.ShouldBeTrue();
        greedy.IsOverShare.ShouldBeTrue();
        greedy.IsOverQuota.ShouldBeTrue();
        greedy.TryTake(1).ShouldBeFalse();
        Of("other").IsClosed.ShouldBeFalse();
        Of("other").TryTake(20_000).ShouldBeTrue();
        _budget.Used.ShouldBe(45_000);
    }

    [Fact]
    public void Take_ThreeQuartersOfTheShare_ClosesItToClientsThatAreAway()
    {
        var memory = Of("a");
        memory.Take(18_749);
        memory.IsClosedToAbsent.ShouldBeFalse();
        memory.Take(1);
        (memory.IsClosedToAbsent, memory.IsClosed).ShouldBe((true, false));
    }

    // Who waits for memory must wait where it is given back.
    [Fact]
    public void Of_ManyThreadsAtOnce_IsTheSame()
    {
        for (var round = 0; round < 200; round++)
        {
            var account = _accounts.Open($"{round}");
            var made = new AccountMemory[8];
            Parallel.For(0, made.Length, i => made[i] = _budget.Of(account));
            made.Distinct().Count().ShouldBe(1);
        }
    }

    [Fact]
    public void TryTake_MoreThanTheShareLeaves_TakesNothing()
    {
        var memory = Of("a");
        memory.TryTake(25_001).ShouldBeFalse();
        memory.Held.ShouldBe(0);
        _budget.Used.ShouldBe(0);
    }

    // Many that want all get less and less, so that something is left for the next.
    [Fact]
    public void TakeAsLongAsTheyMay_ManyIdentities_LeaveSomethingForOthers()
    {
        for (var i = 0; i < 20; i++)
        {
            var memory = Of($"{i}");
            while (memory.TryTake(100))
            {
            }
        }

        _budget.Used.ShouldBeInRange(90_000, Limit + (20 * Little));
        Of("newcomer").TryTake(Little / 2).ShouldBeTrue();
    }

    // What cannot be refused may exceed the limit; the identities that have little go on, until a quarter of it is exceeded.
    [Fact]
    public void Exhausted_ByOthers_IsNotClosedToOneThatHasLittle()
    {
        var (greedy, small) = (Of("greedy"), Of("small"));
        greedy.Take(Limit + 10_000);
        small.Take(Little);
        (small.IsClosed, small.IsOverShare).ShouldBe((false, false));
        small.Take(1);
        (small.IsClosed, small.IsOverShare).ShouldBe((true, false));
        small.IsOverQuota.ShouldBeFalse();
        small.Return(1);
        greedy.Take(15_000);
        (small.IsClosed, small.IsOverShare).ShouldBe((true, true));
    }

    [Fact]
    public void Whole_ShareOfTheLimit_IsClosedWhenAllIsUsed()
    {
        var ofBroker = _budget.Of(_accounts.OfBroker);
        ofBroker.TryTake(90_000).ShouldBeTrue();
        ofBroker.IsClosed.ShouldBeFalse();
        Of("a").Take(10_000);
        ofBroker.IsClosed.ShouldBeTrue();
    }

    [Fact]
    public async Task Wait_ItsOwnFalls_Ends()
    {
        var memory = Of("a");
        memory.Take(25_000);
        var waiting = memory.WaitAsync(Patience, _clock.Time, CancellationToken.None);
        memory.Return(1_000);
        waiting.IsCompleted.ShouldBeFalse("it goes on when there is room for some");
        memory.Return(2_000);
        (await Eventually.CompletesAsync("the wait", waiting)).ShouldBeTrue();
    }

    [Fact]
    public async Task Wait_ThatOfOthersFalls_Ends()
    {
        var (memory, other) = (Of("a"), Of("b"));
        memory.Take(10_000);
        other.Take(95_000);
        memory.IsClosed.ShouldBeTrue();
        var waiting = memory.WaitAsync(Patience, _clock.Time, CancellationToken.None);
        other.Return(20_000);
        (await Eventually.CompletesAsync("the wait", waiting)).ShouldBeTrue();
    }

    [Fact]
    public async Task Wait_PatienceIsOver_IsFalse()
    {
        var memory = Of("a");
        memory.Take(30_000);
        var waiting = memory.WaitAsync(Patience, _clock.Time, CancellationToken.None);
        _clock.AdvanceBy(Patience);
        (await Eventually.CompletesAsync("the wait", waiting)).ShouldBeFalse();
    }

    [Fact]
    public async Task Wait_Cancelled_Throws()
    {
        var memory = Of("a");
        memory.Take(30_000);
        using var ending = new CancellationTokenSource();
        var waiting = memory.WaitAsync(Patience, _clock.Time, ending.Token);
        await ending.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    // The limit that it has met is what it has, when that is less than its share because others have the rest.
    [Fact]
    public void NoteRefused_BelowItsShare_NamesWhatItHas()
    {
        var (greedy, small) = (Of("greedy"), Of("small"));
        greedy.Take(85_000);
        small.Take(7_000);
        small.IsClosed.ShouldBeFalse();
        small.MayTake(8_001).ShouldBeFalse("not so much is left");
        small.NoteRefused().ShouldBe(new CapacityReached(CapacityResource.Memory, 7_000, "small"));
        small.Take(1_000);
        small.IsClosed.ShouldBeTrue("it has more than is left");
        small.NoteRefused().ShouldBe(new CapacityReached(CapacityResource.Memory, 8_000, "small"));
        greedy.NoteRefused().ShouldBe(new CapacityReached(CapacityResource.Memory, 25_000, "greedy"));
    }

    [Fact]
    public void Use_MoreThanHalf_NamesTheLargestHolder()
    {
        Of("a").Take(20_000);
        _budget.Use.Holder.ShouldBeNull();
        Of("b").Take(40_000);
        (_budget.Use.Holder, _budget.Use.Held).ShouldBe(("b", 40_000));
    }

    private AccountMemory Of(string identity) => _budget.Of(_accounts.Open(identity));
}
