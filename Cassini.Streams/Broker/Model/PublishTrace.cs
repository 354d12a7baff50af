using System.Diagnostics;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>A message that is traced: the span of its publish, and what its subscribers get instead of the publisher's properties.</summary>
internal sealed class PublishTrace(ActivitySource source, MessageSpan span, Topic topic, byte[] properties, byte[] own, TimeProvider time, Action<Exception> listenerFailed)
{
    /// <summary>So many deliveries have a span of their own: a topic with thousands of subscribers must not flood the collector.</summary>
    private const int MaxDeliveries = 32;

    private int _deliveries;

    /// <summary>Encoded properties that travel with the message, with the publish span as the parent.</summary>
    public byte[] Properties => properties;

    /// <summary>What the publisher sent: what is retained, since a trace is over when its message has been handed to everyone.</summary>
    public byte[] Own => own;

    /// <summary>The same for a subscriber who takes no packet that is longer; null when it is no shorter.</summary>
    public byte[]? Untraced => own.Length < properties.Length ? own : null;

    /// <summary>Begins the span of one copy; null when this one has none. Not to be called under a lock.</summary>
    public MessageSpan? StartDelivery(string clientId, QualityOfService qos) => Interlocked.Increment(ref _deliveries) > MaxDeliveries
        ? null
        : MessageSpan.Start(source, "deliver", ActivityKind.Producer, span.Context, time, listenerFailed)?
            .Tag(MessageTags.System, MessageTags.Mqtt)
            .Tag(MessageTags.OperationName, "deliver")
            .Tag(MessageTags.OperationType, "send")
            .Tag(MessageTags.Destination, topic.Name)
            .Tag(MessageTags.ClientId, clientId)
            .Tag(MessageTags.QoS, (int)qos);

    /// <summary>The message was handed to everyone.</summary>
    public void End() => span.Tag(MessageTags.Deliveries, _deliveries).End();
}
