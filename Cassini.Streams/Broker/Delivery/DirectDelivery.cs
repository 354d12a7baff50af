using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The QoS 0 messages of one session that need not wait for another: they go to the outbox of its connection, or nowhere. Thread-safe.
/// </summary>
/// <remarks>
/// Takes no lock. A burst looks at a retained message, and sends it, within one hold of the session's lock under which
/// <see cref="DeliveryQueue.KeepsOrder"/> is set; that stays set while a copy waits instead. A publisher replaces the message before it
/// reads KeepsOrder. So if it reads false, the burst's send is over, or the burst finds the message replaced.
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
