using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Publishes the messages that do not come from a connection: wills, the broker's own under <c>$SYS</c>, and those of .NET code.
/// Thread-safe.
/// </summary>
/// <param name="ofBroker">The broker's own account.</param>
/// <param name="topics">The topics.</param>
/// <param name="router">Delivers the messages.</param>
/// <param name="store">Keeps wills until they are published.</param>
/// <param name="work">Runs what leaves much to do in pieces.</param>
/// <param name="time">The one clock.</param>
/// <param name="mayPublish">
/// Whether a will may be published still: the rules may have changed after CONNECT. It reports one that may not.
/// </param>
internal sealed class ServerPublisher(
    Account ofBroker, TopicTable topics, Router router, IBrokerStore store, IdentityWork work, TimeProvider time,
    Func<HeldWill, bool> mayPublish)
{
    private readonly WorkUnderWay _underWay = new();

    /// <summary>Ends when every message has reached its subscribers that was being published at the call.</summary>
    public Task WhenPublishedAsync() => _underWay.WhenEndedAsync();

    /// <summary>Publishes a will, if there is one that may be, and releases it.</summary>
    /// <param name="held">The will.</param>
    /// <param name="account">The account of the identity of the will.</param>
    /// <param name="publisher">The session of the will; null when that session has ended.</param>
    /// <param name="inTurn">Whether it waits for the turn of its identity; not when others would wait for that.</param>
    /// <returns>How many subscribers it had.</returns>
    public async ValueTask<int> PublishAsync(HeldWill? held, Account account, Subscriber? publisher, bool inTurn = true)
    {
        if (held is null)
        {
            return 0;
        }

        try
        {
            if (!mayPublish(held))
            {
                return 0;
            }

            var delivery = Begin(ServerMessage.Of(held, account, publisher), held);
            await PublishAsync(delivery, inTurn).ConfigureAwait(false);
            return delivery.Progress.Next;
        }
        finally
        {
            held.Release();
        }
    }

    /// <summary>Publishes a message, in slices if it has many subscribers: others have the thread between them.</summary>
    /// <param name="message">The message.</param>
    /// <param name="inTurn">Whether it waits for the turn of its identity.</param>
    /// <returns>
    /// What became of it, the ticket with which everything that was stored of it is durable, and what is waited for on other nodes.
    /// </returns>
    public async ValueTask<(RouteProgress Progress, long Ticket, AwaitList? Elsewhere)> PublishAsync(ServerMessage message, bool inTurn)
    {
        var delivery = Begin(message);
        await PublishAsync(delivery, inTurn).ConfigureAwait(false);
        return (delivery.Progress, delivery.Ticket, delivery.Elsewhere);
    }

    /// <summary>Whether anything of a message would have to outlive the process.</summary>
    public bool NeedsStore(ServerMessage message)
    {
        var slice = new WorkSlice(time);
        return (message.Retain && !message.Payload.IsEmpty)
            || (message.QoS != QualityOfService.AtMostOnce
                && router.HasKeepers(topics.Get(message.Topic, message.Account), ref slice));
    }

    /// <summary>Publishes and retains one of the broker's own messages, without a pause: so none comes after a later one.</summary>
    public void PublishSystem(byte[] topic, ReadOnlyMemory<byte> payload, QualityOfService qos)
    {
        var delivery = Begin(SystemMessage(topic, payload, qos));
        while (!Deliver(delivery))
        {
        }
    }

    /// <summary>The same, in slices.</summary>
    public async ValueTask PublishSystemAsync(byte[] topic, ReadOnlyMemory<byte> payload, QualityOfService qos) =>
        await PublishAsync(SystemMessage(topic, payload, qos), inTurn: false).ConfigureAwait(false);

    private ServerMessage SystemMessage(byte[] topic, ReadOnlyMemory<byte> payload, QualityOfService qos) =>
        new() { Account = ofBroker, Topic = topic, Payload = payload, QoS = qos, Retain = true };

    private Delivery Begin(ServerMessage message, HeldWill? will = null) =>
        new(message, topics.Get(message.Topic, message.Account), time.GetTimestamp(), will);

    private async ValueTask PublishAsync(Delivery delivery, bool inTurn)
    {
        var begun = _underWay.Begin();
        try
        {
            await work.RunAsync(delivery.Message.Account, () => !Deliver(delivery), inTurn).ConfigureAwait(false);
        }
        finally
        {
            _underWay.End(begun);
        }
    }

    /// <returns>Whether every subscriber has its copy.</returns>
    private bool Deliver(Delivery delivery)
    {
        var message = delivery.Message;
        var publication = new Publication
        {
            Topic = delivery.Topic,
            Payload = message.Payload.Span,
            Properties = message.Properties,
            Expiry = message.Expiry,
            QoS = message.QoS,
            Retain = message.Retain,
            Publisher = message.Publisher,
            Account = message.Account,
            ReceivedAt = delivery.ReceivedAt,
            Stored = delivery.Stored,
            Origin = delivery.Origin,
        };
        var slice = new WorkSlice(time);
        var flushes = new FlushSet();
        var (before, elsewhere) = (Durability.TakeNoted(), AwaitList.TakeNoted());

        // With the copies of a will becomes durable that it is no more: a crash between the two would have it published twice.
        using var unit = delivery.Will is null ? default : store.BeginUnit();
        try
        {
            var isDone = router.Publish(ref publication, ref delivery.Progress, ref slice, flushes);
            if (isDone)
            {
                delivery.Will?.Release();
            }

            return isDone;
        }
        finally
        {
            delivery.Stored = publication.Stored;
            delivery.Origin = publication.KnownOrigin;
            delivery.Ticket = Math.Max(delivery.Ticket, Durability.Noted);
            Durability.Note(before);
            delivery.Elsewhere = AwaitList.Merge(delivery.Elsewhere, AwaitList.TakeNoted());
            AwaitList.PutBack(elsewhere);
            flushes.Flush(inline: false);
        }
    }

    /// <summary>A message on its way.</summary>
    private sealed class Delivery(ServerMessage message, Topic topic, long receivedAt, HeldWill? will)
    {
        public RouteProgress Progress;

        public ServerMessage Message => message;

        public Topic Topic => topic;

        public long ReceivedAt => receivedAt;

        /// <summary>The will that it is; null when it is none.</summary>
        public HeldWill? Will => will;

        /// <summary>The copy that subscribers keep; null as long as none had to.</summary>
        public StoredMessage? Stored { get; set; }

        /// <summary>Its number in the fleet; 0 as long as it has none.</summary>
        public ulong Origin { get; set; }

        /// <summary>The highest ticket of what was stored of it.</summary>
        public long Ticket { get; set; }

        /// <summary>What its answer waits for on other nodes; null for nothing.</summary>
        public AwaitList? Elsewhere { get; set; }
    }
}
