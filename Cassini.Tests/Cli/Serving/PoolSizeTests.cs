using Cassini.Web.Cli.Serving;

namespace Cassini.Tests.Cli.Serving;

public class PoolSizeTests
{
    private readonly PoolSize _size = new(2);

    [Fact]
    public void Look_WorkWaitsAndProcessorsAreIdle_Doubles() =>
        Enumerable.Range(0, 10).Select(_ => _size.Look(pending: 1, finished: 0, busy: 0.1)).ShouldBe(
            [4, 8, 16, 32, 64, 128, 256, 256, 256, 256]);

    [Fact]
    public void Look_WorkWaitsAndProcessorsAreBusy_StaysAndFalls()
    {
        _size.Look(pending: 1_000, finished: 0, busy: 1).ShouldBe(2);
        _size.Look(pending: 1, finished: 0, busy: 0);
        _size.Look(pending: 1_000, finished: 0, busy: 0.8).ShouldBe(2);
    }

    [Fact]
    public void IsAtRest_OnlyWhileNothingWaitsAndNoThreadIsAdded()
    {
        _size.IsAtRest.ShouldBeFalse("it has not looked yet");
        _size.Look(pending: 0, finished: 5, busy: 0.1);
        _size.IsAtRest.ShouldBeTrue();
        _size.Look(pending: 1, finished: 5, busy: 0.1);
        _size.IsAtRest.ShouldBeFalse();
        _size.Look(pending: 1, finished: 0, busy: 0.1);
        _size.Look(pending: 0, finished: 0, busy: 0.1);
        _size.IsAtRest.ShouldBeFalse("it has more threads");
    }

    /// <summary>Others on the machine may have the processors: then work is slow, but its threads are not blocked.</summary>
    [Fact]
    public void Look_WorkWaitsAndSomeIsFinished_Stays() => _size.Look(pending: 1_000, finished: 1, busy: 0.1).ShouldBe(2);

    [Fact]
    public void Look_NothingWaitsForTenSeconds_Falls()
    {
        _size.Look(pending: 1, finished: 0, busy: 0).ShouldBe(4);
        Enumerable.Range(0, 99).Select(_ => _size.Look(pending: 0, finished: 0, busy: 0)).ShouldAllBe(threads => threads == 4);
        _size.Look(pending: 0, finished: 0, busy: 0).ShouldBe(2);
    }
}
