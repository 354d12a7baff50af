using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A will with the memory that it takes, from CONNECT until it is published or discarded: it may wait for days. Thread-safe.
/// </summary>
internal sealed class HeldWill
{
    /// <summary>About what the objects around its bytes take.</summary>
    private const int Cost = 400;

    /// <summary>Properties are kept as they were decoded: a short text takes so many times the bytes that it was sent in.</summary>
    private const int Decoded = 10;

    private readonly AccountMemory _memory;
    private readonly int _size;
    private bool _isReleased;

    private HeldWill(WillMessage message, AccountMemory memory, int size)
    {
        Message = message;
        _memory = memory;
        _size = size;
    }

    public WillMessage Message { get; }

    /// <returns>Null when there is no memory for it.</returns>
    public static HeldWill? TryMake(WillMessage message, AccountMemory memory)
    {
        var size = Cost + (2 * message.Topic.Length) + message.Payload.Length
            + (Decoded * MessageProperties.Encode(message.Properties).Length);
        return memory.TryTake(size) ? new HeldWill(message, memory, size) : null;
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
