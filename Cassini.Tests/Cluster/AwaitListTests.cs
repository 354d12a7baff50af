using Cassini.Streams.Broker.Durable;

namespace Cassini.Tests.Cluster;

/// <summary>What answers wait for on other nodes.</summary>
public class AwaitListTests
{
    // The slices of a large message gather what they wait for, while answers before it wait for what was gathered until then.
    [Fact]
    public void Merge_WithMore_LeavesWhatIsWaitedForAlready()
    {
        var (first, second) = (new PeerWatermark(), new PeerWatermark());
        var waiting = Noted(first, 1).ShouldNotBeNull();
        var both = AwaitList.Merge(waiting, AwaitList.Merge(Noted(first, 3), Noted(second, 2))).ShouldNotBeNull();

        first.Reach(1);
        waiting.IsReached.ShouldBeTrue();
        both.IsReached.ShouldBeFalse();
        first.Reach(3);
        both.IsReached.ShouldBeFalse("the other is not there yet");
        second.Reach(2);
        both.IsReached.ShouldBeTrue();
    }

    private static AwaitList? Noted(Watermark of, long ticket)
    {
        AwaitList.TakeNoted();
        AwaitList.Note(of, ticket);
        return AwaitList.TakeNoted();
    }
}
