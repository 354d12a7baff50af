using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The QoS 0 messages of one session that need not wait for another: they go to the outbox of its connection, or nowhere. Thread-safe.
/// </summary>
/// <remarks>
/// Takes no lock, also when the message was retained. An older retained message is sent only while <see cref="DeliveryQueue.KeepsOrder"/>
/// is set, and only if it is still that of its topic when it is looked at meanwhile. A publisher replaces it before it reads that property.
/// So when that is not set, the older one was sent before, or is not sent any more.
/// </remarks>
internal readonly struct DirectDelivery(DeliveryLosses losses)
{
    /// <summary>Sends a copy of a message that is just being published.</summary>
    public void Send(in Publication message, Subscription subscription, Attachment to, MessageSpan? span, FlushSet flushes)
    {
        var verdict = to.Outbox.Offer(message, subscription, flushes);
        span?.End(verdict == OutboxVerdict.Taken ? null : $"{verdict}");
        losses.Count(verdict, message.Topic, QualityOfService.AtMostOnce);
    }
}
