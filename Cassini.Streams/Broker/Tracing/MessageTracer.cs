using System.Diagnostics;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Tracing;

/// <summary>
/// Decides which messages are traced: those of a sampled trace, and a share of those without one. The decision is made here and not by
/// a sampler, which could only decide once there is a span: a message that is not traced costs nothing. Thread-safe.
/// </summary>
/// <param name="source">Where spans begin; null for nowhere.</param>
/// <param name="ratio">The share of messages without a trace that begin one, 0 to 1.</param>
/// <param name="time">The one clock.</param>
/// <param name="listenerFailed">Called on the thread pool when a listener of the spans throws. Must not throw.</param>
internal sealed class MessageTracer(ActivitySource? source, double ratio, TimeProvider time, Action<Exception> listenerFailed)
{
    /// <summary>Whether anybody listens.</summary>
    public bool IsOn => source is not null && source.HasListeners();

    /// <summary>Begins to trace a message; null when it is not traced. Not to be called under a lock.</summary>
    /// <param name="properties">Encoded properties that travel with the message.</param>
    /// <param name="topic">Its topic's name.</param>
    /// <param name="clientId">The publisher's client identifier.</param>
    /// <param name="packet">What the packet says.</param>
    /// <param name="version">In which version.</param>
    public PublishTrace? Begin(
        ReadOnlySpan<byte> properties, string topic, string clientId, in PublishPacket packet, ProtocolVersion version)
    {
        var context = TraceContext.Of(properties);
        var isSampled = context.Exists ? context.IsSampled : Random.Shared.NextDouble() < ratio;
        if (!isSampled || source is null
            || MessageSpan.Start(
                source, "publish", ActivityKind.Consumer, context.ToActivityContext(), time, listenerFailed) is not { } span)
        {
            return null;
        }

        span.Tag(MessageTags.System, MessageTags.Mqtt)
            .Tag(MessageTags.OperationName, "publish")
            .Tag(MessageTags.OperationType, "receive")
            .Tag(MessageTags.Destination, topic)
            .Tag(MessageTags.ClientId, clientId)
            .Tag(MessageTags.BodySize, packet.Payload.Length)
            .Tag(MessageTags.ProtocolVersion, version.Number())
            .Tag(MessageTags.QoS, (int)packet.QoS)
            .Tag(MessageTags.Retain, packet.Retain);
        return new PublishTrace(source, span, topic, context.PropertiesUnder(span.Context), properties.ToArray(), time, listenerFailed);
    }
}
