using System.Diagnostics;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Tracing;

/// <summary>The trace of a message: the span of its publish, and the properties that subscribers get instead of the publisher's.</summary>
internal sealed class PublishTrace(
    ActivitySource source, MessageSpan span, string topic, byte[] properties,
    byte[] own, TimeProvider time, Action<Exception> listenerFailed)
{
    /// <summary>
    /// The most deliveries with a span of their own, because a topic with thousands of subscribers must not flood the collector.
    /// </summary>
    private const int MaxDeliveries = 32;

    private int _deliveries;

    /// <summary>Encoded properties that travel with the message, with the publish span as the parent.</summary>
    public byte[] Properties => properties;

    /// <summary>
    /// The publisher's properties. They are retained, because a trace ends when its message has been delivered to every subscriber.
    /// </summary>
    public byte[] Own => own;

    /// <summary>Shorter properties, for a subscriber that accepts no longer packet; null when they would be no shorter.</summary>
    public byte[]? Untraced => own.Length < properties.Length ? own : null;

    /// <summary>
    /// Begins the span of one copy; null when this copy has none. Do not call it under a lock, because it calls listeners.
    /// </summary>
    public MessageSpan? StartDelivery(string clientId, QualityOfService qos) => Interlocked.Increment(ref _deliveries) > MaxDeliveries
        ? null
        : MessageSpan.Start(source, "deliver", ActivityKind.Producer, span.Context, time, listenerFailed)?
            .Tag(MessageTags.System, MessageTags.Mqtt)
            .Tag(MessageTags.OperationName, "deliver")
            .Tag(MessageTags.OperationType, "send")
            .Tag(MessageTags.Destination, topic)
            .Tag(MessageTags.ClientId, clientId)
            .Tag(MessageTags.QoS, (int)qos);

    /// <summary>Ends the publish span: the message was delivered to every subscriber.</summary>
    public void End() => span.Tag(MessageTags.Deliveries, _deliveries).End();
}
