using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Publishes the messages that do not come from a connection: wills, the broker's own under <c>$SYS</c>, and those of .NET code.
/// Thread-safe.
/// </summary>
internal sealed class ServerPublisher(Account ofBroker, TopicTable topics, Router router, TimeProvider time)
{
    /// <summary>Publishes a will, if there is one, and releases it.</summary>
    /// <param name="held">The will.</param>
    /// <param name="account">The account of the identity of the will.</param>
    /// <param name="publisher">The session of the will; null when that session has ended.</param>
    public void Publish(HeldWill? held, Account account, Subscriber? publisher)
    {
        if (held is not { Message: var will })
        {
            return;
        }

        try
        {
            Publish(
                account,
                MqttText.Encode(will.Topic),
                will.Payload.AsSpan(),
                MessageProperties.Encode(will.Properties),
                will.Properties.MessageExpiryInterval,
                will.QoS,
                will.Retain,
                publisher);
        }
        finally
        {
            held.Release();
        }
    }

    /// <summary>Publishes and retains one of the broker's own messages.</summary>
    public void PublishSystem(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, QualityOfService qos) =>
        Publish(ofBroker, topic, payload, default, expiry: null, qos, retain: true);

    /// <summary>Publishes a message.</summary>
    /// <param name="account">The account of the identity that publishes it.</param>
    /// <param name="topic">A valid topic name.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="properties">Encoded properties that are sent with the message, without their length.</param>
    /// <param name="expiry">Message expiry interval in seconds; null when it does not expire.</param>
    /// <param name="qos">The quality of service.</param>
    /// <param name="retain">Whether it is retained.</param>
    /// <param name="publisher">The session that publishes it; null when there is none.</param>
    public RouteResult Publish(
        Account account,
        ReadOnlySpan<byte> topic,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> properties,
        uint? expiry,
        QualityOfService qos,
        bool retain,
        Subscriber? publisher = null)
    {
        var publication = new Publication
        {
            Topic = topics.Get(topic),
            Payload = payload,
            Properties = properties,
            Expiry = expiry,
            QoS = qos,
            Retain = retain,
            Publisher = publisher,
            Account = account,
            ReceivedAt = time.GetTimestamp(),
        };
        var flushes = new FlushSet();
        try
        {
            return router.Publish(ref publication, flushes);
        }
        finally
        {
            flushes.Flush(inline: false);
        }
    }
}
