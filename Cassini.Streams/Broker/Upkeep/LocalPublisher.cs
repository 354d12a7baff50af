using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>Publishes the messages of .NET code in this process. Thread-safe.</summary>
internal sealed class LocalPublisher(
    BrokerOptions options, AccountMemory memory, Intake intake, ServerPublisher publisher, IBrokerStore store, TimeProvider time)
{
    /// <summary>See <see cref="MqttBroker.PublishAsync"/>.</summary>
    public async ValueTask<PublishOutcome> PublishAsync(MqttMessage message, CancellationToken cancellationToken)
    {
        var topic = MqttText.Encode(message.Topic);
        if (!MqttText.IsValid(topic) || !TopicName.IsValid(topic))
        {
            throw new ArgumentException($"'{message.Topic}' is not a topic name: empty, or with a wildcard or U+0000", nameof(message));
        }

        if (TopicLimits.Problem(topic, options) is { } problem)
        {
            throw new ArgumentException($"'{message.Topic}': {problem}", nameof(message));
        }

        if (message.Payload.Length > options.MaxPacketSize)
        {
            throw new ArgumentException(
                $"{message.Payload.Length:N0} bytes; at most {options.MaxPacketSize:N0} are allowed", nameof(message));
        }

        var properties = MessageConversion.PropertiesOf(message);
        if (memory.IsClosed && !await memory.WaitAsync(options.MemoryPatience, time, cancellationToken).ConfigureAwait(false))
        {
            return PublishOutcome.Refused;
        }

        try
        {
            return intake.TryEnterLocal()
                ? await PublishAsync(message, topic, properties).ConfigureAwait(false)
                : PublishOutcome.Refused;
        }
        finally
        {
            intake.LeaveLocal();
        }
    }

    private async ValueTask<PublishOutcome> PublishAsync(MqttMessage message, byte[] topic, byte[] properties)
    {
        var expiry = message.ExpiresAfter is { } after ? (uint?)Math.Clamp(Math.Ceiling(after.TotalSeconds), 0, uint.MaxValue) : null;
        var published = new ServerMessage
        {
            Account = memory.Account,
            Topic = topic,
            Payload = message.Payload,
            Properties = properties,
            Expiry = expiry,
            QoS = message.QoS,
            Retain = message.Retain,
        };
        if (store.Refusal is not null && publisher.NeedsStore(published))
        {
            return PublishOutcome.Refused;
        }

        var result = await publisher.PublishAsync(published, inTurn: false).ConfigureAwait(false);
        return !result.IsRetainedAsAsked ? PublishOutcome.NotRetained
            : result.HasSubscribers ? PublishOutcome.Delivered
            : PublishOutcome.NoSubscribers;
    }
}
