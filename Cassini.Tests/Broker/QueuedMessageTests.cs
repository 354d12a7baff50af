using System.Diagnostics;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>What a copy costs beside the message that it shares.</summary>
public sealed class QueuedMessageTests : IDisposable
{
    private readonly TestMemory _memory = new(1_000_000);
    private readonly RecordedSpans _spans = new();
    private readonly StoredMessage _message = new(new Topic([.. "t"u8], isListed: true, 0), [], [], QualityOfService.AtLeastOnce, null);

    public void Dispose() => _spans.Dispose();

    [Fact]
    public void Hold_OverlappingSubscriptionsWithIdentifiers_CostsEachOfThem() =>
        (CostOf(identifiers: 1_000, span: null) - CostOf(identifiers: 0, span: null)).ShouldBe(1_000 * sizeof(int));

    [Fact]
    public void Hold_DeliveryIsTraced_CostsItsSpan()
    {
        var span = MessageSpan.Start(_spans.Source, "s", ActivityKind.Producer, default, TimeProvider.System, _ => { });

        (CostOf(identifiers: 0, span.ShouldNotBeNull()) - CostOf(identifiers: 0, span: null)).ShouldBeInRange(500, 1_000);
    }

    /// <summary>What one more copy of a message costs that is held already.</summary>
    private long CostOf(int identifiers, MessageSpan? span)
    {
        _message.Hold(_memory.Memory);
        var before = _memory.Memory.Held;
        var copy = new QueuedMessage(_message, _message.QoS, false, new int[identifiers], 1, span);
        copy.Hold(_memory.Memory);
        var cost = _memory.Memory.Held - before;
        copy.Release(_memory.Memory);
        _message.Release(_memory.Memory);
        _memory.Memory.Held.ShouldBe(0);
        return cost;
    }
}
