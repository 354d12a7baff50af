using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A will with the memory that it takes, from CONNECT until it is published or discarded: it may wait for days. It is kept as the bytes
/// that are sent: many short properties would take ten times as much as objects. Thread-safe.
/// </summary>
internal sealed class HeldWill
{
    /// <summary>About what the object and its arrays take beside their bytes.</summary>
    private const int Cost = 200;

    private readonly AccountMemory _memory;
    private readonly int _size;
    private bool _isReleased;

    private HeldWill(WillMessage message, byte[] topic, byte[] properties, AccountMemory memory, int size)
    {
        Topic = topic;
        Payload = message.Payload.AsMemory();
        Properties = properties;
        Expiry = message.Properties.MessageExpiryInterval;
        Delay = message.Properties.WillDelayInterval ?? 0;
        QoS = message.QoS;
        Retain = message.Retain;
        _memory = memory;
        _size = size;
    }

    /// <summary>A valid topic name.</summary>
    public byte[] Topic { get; }

    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Encoded properties that are sent with it, without their length.</summary>
    public byte[] Properties { get; }

    /// <summary>Message expiry interval in seconds; null when it does not expire.</summary>
    public uint? Expiry { get; }

    /// <summary>Will delay interval in seconds.</summary>
    public uint Delay { get; }

    public QualityOfService QoS { get; }

    public bool Retain { get; }

    /// <returns>Null when there is no memory for it.</returns>
    public static HeldWill? TryMake(WillMessage message, AccountMemory memory)
    {
        var topic = MqttText.Encode(message.Topic);
        var properties = MessageProperties.Encode(message.Properties);
        var size = Cost + topic.Length + message.Payload.Length + properties.Length;
        return memory.TryTake(size) ? new HeldWill(message, topic, properties, memory, size) : null;
    }

    /// <summary>It was published or is not needed any more.</summary>
    public void Release()
    {
        if (!Interlocked.Exchange(ref _isReleased, true))
        {
            _memory.Return(_size);
        }
    }
}
