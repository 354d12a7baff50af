using System.Diagnostics;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>What a copy costs beside the message that it shares.</summary>
public sealed class QueuedMessageTests : IDisposable
{
    private readonly TestMemory _memory = new(10_000_000);
    private readonly RecordedSpans _spans = new();
    private readonly StoredMessage _message = new(new Topic([.. "t"u8], isListed: true, 0), [], [], QualityOfService.AtLeastOnce, null);

    public void Dispose() => _spans.Dispose();

    [Fact]
    public void Hold_OverlappingSubscriptionsWithIdentifiers_CostsEachOfThem() =>
        (CostOf(identifiers: 1_000, span: null) - CostOf(identifiers: 0, span: null)).ShouldBeInRange(
            900 * sizeof(int), 1_100 * sizeof(int));

    [Fact]
    public void Hold_DeliveryIsTraced_CostsItsSpan()
    {
        var span = MessageSpan.Start(_spans.Source, "s", ActivityKind.Producer, default, TimeProvider.System, _ => { });

        (CostOf(identifiers: 0, span.ShouldNotBeNull()) - CostOf(identifiers: 0, span: null)).ShouldBeInRange(500, 1_000);
    }

    /// <summary>The memory of one copy. Of many, because a queue tells its account in lumps.</summary>
    private long CostOf(int identifiers, MessageSpan? span)
    {
        const int Copies = 100;
        var tally = new MemoryTally(_memory.Memory);
        var copy = new QueuedMessage(_message, _message.QoS, false, new int[identifiers], 1, span);
        for (var i = 0; i < Copies; i++)
        {
            copy.Hold(tally);
        }

        var cost = _memory.Memory.Held / Copies;
        for (var i = 0; i < Copies; i++)
        {
            copy.Release(tally);
        }

        _memory.Memory.Held.ShouldBe(0);
        return cost;
    }
}
