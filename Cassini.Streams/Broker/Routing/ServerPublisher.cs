using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Publishes the messages that do not come from a connection: wills, the broker's own under <c>$SYS</c>, and those of .NET code.
/// Thread-safe.
/// </summary>
internal sealed class ServerPublisher(TopicTable topics, Router router, IdentityWork work, TimeProvider time)
{
    /// <summary>Publishes a will, if there is one.</summary>
    /// <param name="will">The will.</param>
    /// <param name="publisher">The session of the will; null when that session has ended.</param>
    /// <param name="account">The account of its identity, whose work it is; null when nobody may wait for its turn.</param>
    /// <returns>How many subscribers it had.</returns>
    public async ValueTask<int> PublishAsync(WillMessage? will, Subscriber? publisher, Account? account) =>
        will is null ? 0 : (await PublishAsync(ServerMessage.Of(will, publisher), account)).Next;

    /// <summary>Publishes a message, in slices if it has many subscribers: others have the thread between them.</summary>
    /// <param name="message">The message.</param>
    /// <param name="account">The account of the identity whose work it is; null when it is the broker's own.</param>
    /// <returns>What became of it.</returns>
    public async ValueTask<RouteProgress> PublishAsync(ServerMessage message, Account? account = null)
    {
        var delivery = Begin(message);
        await work.RunAsync(account, () => !Deliver(delivery));
        return delivery.Progress;
    }

    /// <summary>Publishes a message without a pause: for the few that must not come after later ones of other threads.</summary>
    public void Publish(ServerMessage message)
    {
        var delivery = Begin(message);
        while (!Deliver(delivery))
        {
        }
    }

    private Delivery Begin(ServerMessage message) => new(message, topics.Get(message.Topic), time.GetTimestamp());

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
            ReceivedAt = delivery.ReceivedAt,
            Stored = delivery.Stored,
        };
        var slice = new WorkSlice(time);
        var flushes = new FlushSet();
        try
        {
            return router.Publish(ref publication, ref delivery.Progress, ref slice, flushes);
        }
        finally
        {
            delivery.Stored = publication.Stored;
            flushes.Flush(inline: false);
        }
    }

    /// <summary>A message on its way.</summary>
    private sealed class Delivery(ServerMessage message, Topic topic, long receivedAt)
    {
        public RouteProgress Progress;

        public ServerMessage Message => message;

        public Topic Topic => topic;

        public long ReceivedAt => receivedAt;

        /// <summary>The copy that subscribers keep; null as long as none had to.</summary>
        public StoredMessage? Stored { get; set; }
    }
}
