using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Delivers the messages of other nodes to the subscribers of this one. Thread-safe.</summary>
/// <param name="ofBroker">The broker's own account: a message's publisher has its own on the node that it is connected to.</param>
/// <param name="topics">The topics.</param>
/// <param name="router">Delivers the messages.</param>
/// <param name="time">The one clock.</param>
internal sealed class PeerPublisher(Account ofBroker, TopicTable topics, Router router, TimeProvider time)
{
    /// <summary>Delivers one message to all its subscribers.</summary>
    /// <param name="message">The message.</param>
    /// <param name="flushes">Collects the outboxes that must be flushed.</param>
    /// <returns>The ticket with which everything that was stored of it is durable; 0 for nothing.</returns>
    public long Publish(in PeerMessage message, FlushSet flushes)
    {
        var publication = new Publication
        {
            Topic = topics.Get(message.Topic),
            Payload = message.Payload,
            Properties = message.Properties,
            Expiry = message.Expiry,
            QoS = message.QoS,
            Account = ofBroker,
            Peer = message.Peer,
            Audience = message.Audience,
            Origin = message.Origin,
            ReceivedAt = time.GetTimestamp(),
        };
        var before = Durability.TakeNoted();
        try
        {
            var progress = default(RouteProgress);
            for (var isDone = false; !isDone;)
            {
                var slice = new WorkSlice(time);
                isDone = router.Publish(ref publication, ref progress, ref slice, flushes);
            }

            return Durability.Noted;
        }
        finally
        {
            Durability.TakeNoted();
            Durability.Note(before);
        }
    }
}

/// <summary>A message of another node, in its buffer.</summary>
internal readonly ref struct PeerMessage
{
    /// <summary>The node that sent it.</summary>
    public required Subscriber Peer { get; init; }

    /// <summary>A valid topic name.</summary>
    public ReadOnlySpan<byte> Topic { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Encoded properties that travel with the message, without their length.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>What is left of the message expiry interval, in seconds; null when it does not expire.</summary>
    public uint? Expiry { get; init; }

    public QualityOfService QoS { get; init; }

    /// <summary>Which subscribers it is for.</summary>
    public Audience Audience { get; init; }

    /// <summary>Its number in the fleet; 0 when it has none.</summary>
    public ulong Origin { get; init; }
}
