using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The QoS 0 messages of one session that need not wait for another: they go to the outbox of its connection, or nowhere. Thread-safe.
/// </summary>
internal readonly struct DirectDelivery(Lock sessionLock, DeliveryLosses losses)
{
    /// <summary>Sends a copy of a message that is just being published.</summary>
    public void Send(in Publication message, Subscription subscription, Attachment to, MessageSpan? span, FlushSet flushes)
    {
        var verdict = message.Retain ? OfferInOrder(message, subscription, to, flushes) : to.Outbox.Offer(message, subscription, flushes);
        span?.End(verdict == OutboxVerdict.Taken ? null : $"{verdict}");
        losses.Count(verdict, message.Topic, QualityOfService.AtMostOnce);
    }

    /// <summary>
    /// Under the lock under which a retained message is looked at before it is sent: so no older one comes after this one.
    /// </summary>
    private OutboxVerdict OfferInOrder(in Publication message, Subscription subscription, Attachment to, FlushSet flushes)
    {
        lock (sessionLock)
        {
            return to.Outbox.Offer(message, subscription, flushes);
        }
    }
}
