using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The QoS 0 messages of one session that can wait: retained ones, and those that must come after one. They are sent when
/// <see cref="Outbox.TakesMoreOfBurst"/> allows it, and then not dropped. Belongs to the session's lock.
/// </summary>
internal readonly struct PacedDelivery(DeliveryLosses losses, TimeProvider time)
{
    /// <summary>Sends a message that the outbox allows.</summary>
    public OutboxVerdict Send(in QueuedMessage queued, Attachment to, FlushSet flushes)
    {
        var verdict = Offer(queued, to, isPaced: true, flushes);
        losses.Count(verdict, queued.Message.Topic, queued.QoS);
        return verdict;
    }

    /// <summary>
    /// Sends a message before its turn, because one follows that is being published. It may take as much room as that one may.
    /// </summary>
    /// <param name="queued">The message.</param>
    /// <param name="to">The connection.</param>
    /// <param name="mayWait">Whether it waits when there is no room: then the end of that is notified.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <returns>What became of it.</returns>
    public OutboxVerdict SendAhead(in QueuedMessage queued, Attachment to, bool mayWait, FlushSet flushes)
    {
        var verdict = Offer(queued, to, isPaced: false, flushes);
        if (verdict == OutboxVerdict.Full && mayWait && to.Outbox.TakesMoreOfBurst())
        {
            verdict = Offer(queued, to, isPaced: true, flushes);
        }

        return verdict;
    }

    private OutboxVerdict Offer(in QueuedMessage queued, Attachment to, bool isPaced, FlushSet flushes)
    {
        var copy = new OutgoingMessage(queued, queued.Message.SecondsLeft(time.GetTimestamp(), time));
        return to.Outbox.Offer(ref copy, flushes, isPaced);
    }
}
