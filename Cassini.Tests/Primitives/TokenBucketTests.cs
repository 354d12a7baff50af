using Cassini.Streams.Primitives;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Primitives;

public class TokenBucketTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Tokens_Full_AreABurstAndThenComeEvenly()
    {
        var bucket = new TokenBucket(burst: 3, perSecond: 10, _clock.Time);
        Take(bucket).ShouldBe(3);

        _clock.AdvanceBy(TimeSpan.FromMilliseconds(250));
        Take(bucket).ShouldBe(2);
    }

    [Fact]
    public void Tokens_AfterALongPause_AreNoMoreThanTheBurst()
    {
        var bucket = new TokenBucket(burst: 3, perSecond: 10, _clock.Time);
        bucket.TryTake(_clock.Time.GetTimestamp()).ShouldBeTrue();

        _clock.AdvanceBy(TimeSpan.FromHours(1));
        Take(bucket).ShouldBe(3);
    }

    [Fact]
    public void Wait_Empty_IsUntilTheNextToken()
    {
        var bucket = new TokenBucket(burst: 1, perSecond: 10, _clock.Time);
        Take(bucket);

        _clock.AdvanceBy(bucket.Wait);
        bucket.TryTake(_clock.Time.GetTimestamp()).ShouldBeTrue();
    }

    private int Take(TokenBucket bucket)
    {
        var taken = 0;
        while (bucket.TryTake(_clock.Time.GetTimestamp()))
        {
            taken++;
        }

        return taken;
    }
}
