using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The QoS 0 messages of one session: they go to the outbox of its connection, or nowhere. Thread-safe.
/// </summary>
internal readonly struct DirectDelivery(Lock sessionLock, string clientId, DeliveryLosses losses, TimeProvider time)
{
    /// <summary>Sends a copy of a message that is just being published.</summary>
    public void Send(in Publication message, Subscription subscription, Attachment to, FlushSet flushes)
    {
        var span = message.Trace?.StartDelivery(clientId, QualityOfService.AtMostOnce);
        var verdict = message.Retain ? OfferInOrder(message, subscription, to, flushes) : to.Outbox.Offer(message, subscription, flushes);
        span?.End(verdict == OutboxVerdict.Taken ? null : $"{verdict}");
        losses.Count(verdict, message.Topic, QualityOfService.AtMostOnce);
    }

    /// <summary>
    /// Sends a copy of a retained message with RETAIN set [MQTT-3.3.1-8]. One that was replaced meanwhile is left out, because its
    /// publisher delivers the newer one, under the same lock: so no older one comes after it.
    /// </summary>
    public void SendRetained(StoredMessage message, Subscription subscription, Attachment to, FlushSet flushes)
    {
        var queued = new QueuedMessage(message, QualityOfService.AtMostOnce, Retain: true, subscription.Identifiers, Sequence: 0);
        var copy = new OutgoingMessage(queued, message.SecondsLeft(time.GetTimestamp(), time));
        lock (sessionLock)
        {
            if (message.IsRetained)
            {
                losses.Count(to.Outbox.Offer(ref copy, flushes), message.Topic, QualityOfService.AtMostOnce);
            }
        }
    }

    private OutboxVerdict OfferInOrder(in Publication message, Subscription subscription, Attachment to, FlushSet flushes)
    {
        lock (sessionLock)
        {
            return to.Outbox.Offer(message, subscription, flushes);
        }
    }
}
