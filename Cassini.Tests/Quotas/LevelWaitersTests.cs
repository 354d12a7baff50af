using Cassini.Streams.Quotas;

namespace Cassini.Tests.Quotas;

/// <summary>Who goes on when a number has fallen.</summary>
public class LevelWaitersTests
{
    private readonly LevelWaiters _waiters = new();

    [Fact]
    public void Fell_ToALevel_CompletesThoseWhoWaitForThatOrMore()
    {
        var (low, high) = (_waiters.Enter(10), _waiters.Enter(20));
        _waiters.Fell(21);
        (low.Reached.IsCompleted, high.Reached.IsCompleted).ShouldBe((false, false));
        _waiters.Fell(20);
        (low.Reached.IsCompleted, high.Reached.IsCompleted).ShouldBe((false, true));
        _waiters.Fell(5);
        low.Reached.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public void Leave_TheOneWithTheHighestLevel_LeavesTheOthers()
    {
        var (low, high) = (_waiters.Enter(10), _waiters.Enter(20));
        _waiters.Leave(high);
        _waiters.Fell(15);
        (low.Reached.IsCompleted, high.Reached.IsCompleted).ShouldBe((false, false));
        _waiters.Fell(10);
        (low.Reached.IsCompleted, high.Reached.IsCompleted).ShouldBe((true, false));
    }
}
