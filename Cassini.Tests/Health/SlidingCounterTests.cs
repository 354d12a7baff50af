using Cassini.Streams.Health.Facts;
using CsCheck;

namespace Cassini.Tests.Health;

public class SlidingCounterTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    [Fact]
    public void Event_AtTheWindowsEdge_IsOutExactlyThen()
    {
        var counter = new SlidingCounter(Window).Add(TimeSpan.FromSeconds(1), 0, 1);

        counter.Expire(TimeSpan.FromSeconds(61) - TimeSpan.FromTicks(1)).Total.ShouldBe(1);
        counter.Expire(TimeSpan.FromSeconds(61)).Total.ShouldBe(0);
        counter.NextExpiry.ShouldBe(TimeSpan.FromSeconds(61));
    }

    [Fact]
    public void Counts_AnyArrivals_AreNeverTooLowAndNeverOlderThanABucketAllows() =>
        Gen.Int[0, 3_000].Array[0, 200].Sample(gaps =>
        {
            var counter = new SlidingCounter(Window);
            var arrivals = new List<TimeSpan>();
            var now = TimeSpan.Zero;
            foreach (var gap in gaps)
            {
                now += TimeSpan.FromMilliseconds(gap);
                counter = counter.Expire(now).Add(now, gap % 2, 1 - (gap % 2));
                arrivals.Add(now);

                var inside = arrivals.Count(time => time + Window > now);
                var almost = arrivals.Count(time => time + Window + (Window / 120) > now);
                counter.Total.ShouldBeInRange(inside, almost);
                counter.Total.ShouldBe(counter.Good + counter.Bad);
            }

            counter.Expire(now + Window).Total.ShouldBe(0);
            counter.Expire(now + Window).NextExpiry.ShouldBe(TimeSpan.MaxValue);
        });
}
