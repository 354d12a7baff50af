using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Durable;

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
    private IBrokerStore? _store;
    private long _number;
    private bool _isReleased;

    private HeldWill(WillRecord will, AccountMemory memory)
    {
        ClientId = will.ClientId;
        Topic = will.Topic;
        Payload = will.Payload;
        Properties = will.Properties;
        Expiry = will.Expiry;
        Delay = will.Delay;
        QoS = will.QoS;
        Retain = will.Retain;
        _memory = memory;
        _size = SizeOf(will);
    }

    /// <summary>The client that it is of.</summary>
    public string ClientId { get; }

    /// <summary>The identity of that client.</summary>
    public string Identity => _memory.Account.Identity;

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

    /// <summary>Makes it from CONNECT, and has it stored.</summary>
    /// <param name="message">What the client wants.</param>
    /// <param name="clientId">The client.</param>
    /// <param name="memory">The memory of its identity.</param>
    /// <param name="store">Where it is stored.</param>
    /// <returns>Null when there is no memory for it.</returns>
    public static HeldWill? TryMake(WillMessage message, string clientId, AccountMemory memory, IBrokerStore store)
    {
        var will = new WillRecord(
            clientId,
            memory.Account.Identity,
            MqttText.Encode(message.Topic),
            message.Payload.AsMemory(),
            MessageProperties.Encode(message.Properties),
            message.QoS,
            message.Retain,
            message.Properties.MessageExpiryInterval,
            message.Properties.WillDelayInterval ?? 0);
        return memory.TryTake(SizeOf(will)) ? new HeldWill(will, memory) { _store = store, _number = store.PutWill(will) } : null;
    }

    /// <summary>Restores one that the store kept.</summary>
    public static HeldWill Restore(WillState kept, AccountMemory memory, IBrokerStore store)
    {
        memory.Take(SizeOf(kept.Will));
        return new HeldWill(kept.Will, memory) { _store = store, _number = kept.Number };
    }

    /// <summary>It was published or is not needed any more.</summary>
    public void Release()
    {
        if (!Interlocked.Exchange(ref _isReleased, true))
        {
            _memory.Return(_size);
            _store?.DeleteWill(_number);
        }
    }

    private static int SizeOf(WillRecord will) => Cost + will.Topic.Length + will.Payload.Length + will.Properties.Length;
}
