using Cassini.Streams.Primitives;

namespace Cassini.Tests.Primitives;

public class BackOffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(350);

    [Fact]
    public void Delays_WithoutSuccess_DoubleUpToTheLongest()
    {
        var backOff = new BackOff(First, Longest);
        Take(backOff, 4).ShouldBe([100, 200, 350, 350]);
    }

    [Fact]
    public void Reset_AfterFailures_BeginsAgain()
    {
        var backOff = new BackOff(First, Longest);
        Take(backOff, 3);
        backOff.Reset();
        Take(backOff, 2).ShouldBe([100, 200]);
    }

    [Theory]
    [InlineData(0, 100, 110, 121)]
    [InlineData(1, 50, 55, 60.5)]
    public void Delays_OfAClient_GrowByATenthAndLoseUpToHalf(double random, double first, double second, double third) =>
        Take(BackOff.OfClient(First, Longest, () => random), 3).ShouldBe([first, second, third], 0.001);

    [Fact]
    public void Delays_ManyFailures_StayTheLongest()
    {
        BackOff.After(int.MaxValue, First, Longest, 2).ShouldBe(Longest);
        BackOff.After(int.MaxValue, First, Longest, 1).ShouldBe(First);
    }

    private static double[] Take(BackOff backOff, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => backOff.Next().TotalMilliseconds)];
}
