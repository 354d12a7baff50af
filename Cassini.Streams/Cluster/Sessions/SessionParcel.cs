using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// A session as nodes send it to each other: items, each after its length. First the session itself, then its messages.
/// </summary>
internal static class SessionParcel
{
    /// <summary>Bytes before those of an item.</summary>
    public const int LengthBytes = sizeof(int);

    /// <summary>Writes the session.</summary>
    public static byte[] Write(MovedSession session) => Item(writer =>
    {
        writer.Write(session.ClientId);
        writer.Write(session.Identity);
        writer.Write(session.ExpirySeconds);
        writer.Write(session.Received.Length);
        foreach (var packetId in session.Received)
        {
            writer.Write(packetId);
        }

        writer.Write(session.Subscriptions.Length);
        foreach (var one in session.Subscriptions)
        {
            writer.Write(one.Filter);
            writer.Write((byte)one.QoS);
            writer.Write(one.NoLocal);
            writer.Write(one.RetainAsPublished);
            writer.Write(one.AwaitsRetained);
            Write(writer, one.Identifiers.AsSpan());
        }
    });

    /// <summary>Writes a message.</summary>
    /// <param name="moved">The message.</param>
    /// <param name="secondsLeft">What is left of its expiry interval.</param>
    public static byte[] Write(in MovedMessage moved, uint? secondsLeft)
    {
        var (queued, packetId, state, origin) = moved;
        return Item(writer =>
        {
            Write(writer, queued.Message.Topic.Utf8);
            Write(writer, queued.Message.Payload);
            Write(writer, queued.Message.Properties);
            writer.Write((byte)queued.Message.QoS);
            writer.Write(queued.Message.Retain);
            writer.Write(secondsLeft is not null);
            writer.Write(secondsLeft ?? 0);
            writer.Write((byte)queued.QoS);
            writer.Write(queued.Retain);
            Write(writer, queued.Identifiers);
            writer.Write(queued.Share ?? "");
            writer.Write(queued.IsOfBurst);
            writer.Write(packetId);
            writer.Write((byte)state);
            writer.Write(origin);
        });
    }

    /// <summary>Takes the next whole item out of what has come.</summary>
    /// <returns>Null when the rest of it has still to come.</returns>
    /// <exception cref="InvalidDataException">Its length is none.</exception>
    public static ReadOnlyMemory<byte>? TryTake(ref ReadOnlyMemory<byte> come)
    {
        if (come.Length < LengthBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(come.Span);
        if (length < 0)
        {
            throw new InvalidDataException("an item of a session has no length");
        }

        if (come.Length - LengthBytes < length)
        {
            return null;
        }

        var item = come.Slice(LengthBytes, length);
        come = come[(LengthBytes + length)..];
        return item;
    }

    /// <summary>Reads the session.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static MovedSession ReadSession(ReadOnlyMemory<byte> item) => Read(item, reader =>
    {
        var (clientId, identity, expiry) = (reader.ReadString(), reader.ReadString(), reader.ReadUInt32());
        var received = Enumerable.Range(0, ReadCount(reader)).Select(_ => reader.ReadUInt16()).ToImmutableArray();
        var subscriptions = Enumerable.Range(0, ReadCount(reader)).Select(_ => ReadSubscription(reader)).ToImmutableArray();
        return received.Distinct().Count() == received.Length
            && subscriptions.Select(one => one.Filter).Distinct(StringComparer.Ordinal).Count() == subscriptions.Length
            ? new MovedSession(clientId, identity, expiry, subscriptions, received)
            : throw new InvalidDataException("an item of a session has something twice");
    });

    /// <summary>Reads a message.</summary>
    /// <param name="item">The item.</param>
    /// <param name="topicOf">Finds a topic by its valid name.</param>
    /// <param name="expiresAt">The timestamp at which a message expires that has so many seconds left.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static MovedMessage ReadMessage(ReadOnlyMemory<byte> item, Func<byte[], Topic> topicOf, Func<uint, long> expiresAt) =>
        Read(item, reader =>
        {
            var (topic, payload, properties) = (ReadBytes(reader), ReadBytes(reader), ReadBytes(reader));
            var (published, retain) = (ReadQoS(reader), reader.ReadBoolean());
            var (expires, secondsLeft) = (reader.ReadBoolean(), reader.ReadUInt32());
            if (!TopicName.IsValid(topic))
            {
                throw new InvalidDataException("a message of a session has no valid topic");
            }

            var message = new StoredMessage(topicOf(topic), payload, properties, published, expires ? expiresAt(secondsLeft) : null)
            {
                Retain = retain,
            };
            var queued = new QueuedMessage(
                message, ReadQoS(reader), reader.ReadBoolean(), [.. ReadNumbers(reader)], 0, null,
                reader.ReadString() is { Length: > 0 } share ? share : null, reader.ReadBoolean());
            var (packetId, state) = (reader.ReadUInt16(), (DeliveryState)reader.ReadByte());
            return Enum.IsDefined(state) && (packetId > 0 || state == DeliveryState.Done)
                ? new MovedMessage(queued, packetId, state, reader.ReadUInt64())
                : throw new InvalidDataException("a message of a session has no valid state");
        });

    private static SubscriptionRecord ReadSubscription(BinaryReader reader)
    {
        var filter = reader.ReadString();
        if (!TopicFilter.TryParse(MqttText.Encode(filter), out _, out _))
        {
            throw new InvalidDataException("a subscription of a session has no valid filter");
        }

        var (qos, noLocal, retainAsPublished, awaitsRetained) =
            (ReadQoS(reader), reader.ReadBoolean(), reader.ReadBoolean(), reader.ReadBoolean());
        return new SubscriptionRecord(filter, qos, noLocal, retainAsPublished, ReadNumbers(reader), awaitsRetained);
    }

    private static QualityOfService ReadQoS(BinaryReader reader) =>
        reader.ReadByte() is var qos && qos <= (byte)QualityOfService.ExactlyOnce
            ? (QualityOfService)qos
            : throw new InvalidDataException("an item of a session has no valid quality of service");

    private static void Write(BinaryWriter writer, ReadOnlySpan<int> numbers)
    {
        writer.Write(numbers.Length);
        foreach (var number in numbers)
        {
            writer.Write(number);
        }
    }

    private static void Write(BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static ImmutableArray<int> ReadNumbers(BinaryReader reader) =>
        [.. Enumerable.Range(0, ReadCount(reader)).Select(_ => reader.ReadInt32())];

    private static byte[] ReadBytes(BinaryReader reader) => reader.ReadBytes(ReadCount(reader));

    /// <summary>How many follow: never more than there are bytes.</summary>
    private static int ReadCount(BinaryReader reader) =>
        reader.ReadInt32() is var count && count >= 0 && count <= reader.BaseStream.Length - reader.BaseStream.Position
            ? count
            : throw new InvalidDataException("an item of a session is cut off");

    private static byte[] Item(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(0);
            write(writer);
        }

        var item = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(item, item.Length - LengthBytes);
        return item;
    }

    private static T Read<T>(ReadOnlyMemory<byte> item, Func<BinaryReader, T> read)
    {
        using var reader = new BinaryReader(new MemoryStream(item.ToArray()), Encoding.UTF8);
        try
        {
            return read(reader);
        }
        catch (Exception wrong) when (wrong is EndOfStreamException or ArgumentException or FormatException)
        {
            throw new InvalidDataException("an item of a session cannot be read", wrong);
        }
    }
}
