using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>What a session remembers of the retained messages that it has sent before their turn.</summary>
public class SettledRetainedTests
{
    private readonly TestMemory _memory = new();

    [Fact]
    public void Take_TheLastBurstThatNeedsIt_GivesTheMemoryBack()
    {
        var settled = new SettledRetained(_memory.Memory);
        var (node, message) = Retained(place: 7);
        settled.Settle(node, message, upTo: 1);
        settled.Settle(node, message, upTo: 2);
        settled.Take(node, message, burst: 1).ShouldBeTrue();
        _memory.Budget.Used.ShouldBeGreaterThan(0);
        settled.Take(node, message, burst: 3).ShouldBeFalse();
        settled.Take(node, message, burst: 2).ShouldBeTrue();
        _memory.Budget.Used.ShouldBe(0);
        settled.UpTo(node, message).ShouldBe(0);
    }

    [Fact]
    public void UpTo_MessageWasReplaced_IsNotThatOfTheOneBefore()
    {
        var settled = new SettledRetained(_memory.Memory);
        var (node, message) = Retained(place: 7);
        settled.Settle(node, message, upTo: 1);
        settled.UpTo(node, Message(place: 8)).ShouldBe(0);
        settled.Take(node, Message(place: 8), burst: 1).ShouldBeFalse();
    }

    // A session may have one burst after the other and never none.
    [Fact]
    public void Settle_MessagesThatAreRemovedAgain_TakesNoMoreAndMoreMemory()
    {
        var settled = new SettledRetained(_memory.Memory);
        for (var i = 1; i <= 100_000; i++)
        {
            var (node, message) = Retained(place: i);
            settled.Settle(node, message, upTo: 1);
            node.Message = null;
        }

        _memory.Budget.Used.ShouldBeInRange(1, 2_000 * 200);
        settled.Clear();
        _memory.Budget.Used.ShouldBe(0);
    }

    private static (RetainedNode Node, StoredMessage Message) Retained(long place)
    {
        var message = Message(place);
        return (new RetainedNode(null, [], order: 0) { Message = message }, message);
    }

    private static StoredMessage Message(long place) =>
        new(new Topic([(byte)'t'], true, 0), [1], [], QualityOfService.AtMostOnce, null) { RetainedPlace = place };
}
