using System.Buffers.Binary;
using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store;

/// <summary>Encodes the changes of one group. Used by one thread; its buffer is used again for the next group.</summary>
internal sealed class GroupWriter(TimeProvider time)
{
    private const int LargestKept = 1 << 20;

    /// <summary>Of all writers: a message that was written for one group must not be taken for written in another.</summary>
    private static long _lastWriting;

    private byte[] _buffer = new byte[16 * 1024];
    private int _length;
    private int _records;
    private int _bodies;
    private long _number;
    private long _writing;
    private long _utc;
    private long _now;

    /// <summary>Encodes a group.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="changes">Its changes in their order. A body gets its place in the group from here.</param>
    /// <returns>Valid until the next call; empty when nothing is left of the changes.</returns>
    public ReadOnlyMemory<byte> Write(long number, ReadOnlySpan<Change> changes)
    {
        Begin(number);
        foreach (ref readonly var change in changes)
        {
            if (change.Type != RecordType.None)
            {
                Write(change);
            }
        }

        return _records == 0 ? default : Finish();
    }

    /// <summary>Encodes a group that changes nothing.</summary>
    public ReadOnlyMemory<byte> WriteNothing(long number)
    {
        Begin(number);
        return Finish();
    }

    private void Begin(long number)
    {
        if (_buffer.Length > LargestKept)
        {
            _buffer = new byte[LargestKept];
        }

        _length = GroupFormat.HeaderSize;
        _records = 0;
        _bodies = 0;
        _number = number;
        _writing = Interlocked.Increment(ref _lastWriting);
        _utc = time.GetUtcNow().ToUnixTimeMilliseconds();
        _now = time.GetTimestamp();
    }

    private ReadOnlyMemory<byte> Finish()
    {
        var group = _buffer.AsSpan(0, _length);
        group[..GroupFormat.NumberAt].Clear();
        group[0] = GroupFormat.Version;
        BinaryPrimitives.WriteInt64LittleEndian(group[GroupFormat.NumberAt..], _number);
        BinaryPrimitives.WriteInt64LittleEndian(group[GroupFormat.TimeAt..], _utc);
        BinaryPrimitives.WriteInt32LittleEndian(group[GroupFormat.CountAt..], _records);
        BinaryPrimitives.WriteUInt32LittleEndian(group[GroupFormat.CrcAt..], GroupFormat.Crc(group[GroupFormat.NumberAt..]));
        return _buffer.AsMemory(0, _length);
    }

    private void Write(in Change change)
    {
        if (change.Type == RecordType.Copy)
        {
            WriteCopy(change);
            return;
        }

        Begin(change.Type);
        switch (change.Type)
        {
            case RecordType.Session:
                var session = (SessionRecord)change.Subject!;
                Put(change.Session);
                Put(session.ClientId);
                Put(session.Identity);
                Put(session.ExpirySeconds);
                break;
            case RecordType.SessionEnd or RecordType.SessionOver:
                Put(change.Session);
                break;
            case RecordType.Presence:
                Put(change.Session);
                Put((ulong)change.Count);
                Put((ulong)change.Number);
                break;
            case RecordType.Subscription:
                Put(change.Session);
                WriteSubscription((SubscriptionRecord)change.Subject!);
                break;
            case RecordType.SubscriptionEnd or RecordType.BurstEnd:
                Put(change.Session);
                Put((string)change.Subject!);
                break;
            case RecordType.Delivery:
                Put(change.Session);
                Put((ulong)change.Number);
                Put((ulong)change.Count);
                Put(change.PacketId);
                Put((byte)change.State);
                break;
            case RecordType.CopyEnd:
                Put(change.Session);
                Put((ulong)change.Number);
                Put((ulong)change.Count);
                break;
            case RecordType.Received or RecordType.ReceivedEnd:
                Put(change.Session);
                Put(change.PacketId);
                Put((ulong)change.Count);
                break;
            case RecordType.Retained:
                var (message, identity, setAt) = ((StoredMessage, string, RetainedStamp))change.Subject!;
                Put(identity);
                WriteBody(message);
                WriteStamp(setAt);
                break;
            case RecordType.RetainedEnd:
                var (topic, removedAt) = ((byte[], RetainedStamp))change.Subject!;
                Put(topic);
                WriteStamp(removedAt);
                break;
            case RecordType.RetainedFloor:
                Put((RetainedStamp)change.Subject!);
                break;
            case RecordType.Will:
                Put((ulong)change.Number);
                WriteWill((WillRecord)change.Subject!);
                break;
            case RecordType.WillEnd:
                Put((ulong)change.Number);
                break;
            default:
                throw new InvalidOperationException($"A change of type {change.Type} cannot be written.");
        }
    }

    /// <summary>Writes the stamp of the record before, if it has one.</summary>
    private void WriteStamp(RetainedStamp stamp)
    {
        if (stamp.IsGiven)
        {
            Begin(RecordType.RetainedStamp);
            Put(stamp);
        }
    }

    private void WriteCopy(in Change change)
    {
        ref readonly var copy = ref change.Copy;
        var body = PlaceOf(copy.Message);
        var flags = (CopyFlags)copy.QoS
            | (copy.Retain ? CopyFlags.Retain : 0)
            | (copy.IsOfBurst ? CopyFlags.IsOfBurst : 0)
            | (copy.Identifiers.Length > 0 ? CopyFlags.HasIdentifiers : 0)
            | (copy.Share is not null ? CopyFlags.HasShare : 0)
            | (change.State != DeliveryState.Done ? CopyFlags.HasDelivery : 0);
        Begin(RecordType.Copy);
        Put(change.Session);
        Put((ulong)copy.Sequence);
        Put((ulong)body);
        Put((byte)flags);
        if (copy.Identifiers.Length > 0)
        {
            Put(copy.Identifiers);
        }

        if (copy.Share is { } share)
        {
            Put(share);
        }

        if (change.State != DeliveryState.Done)
        {
            Put(change.PacketId);
            Put((byte)change.State);
        }
    }

    /// <summary>The place of a message among the bodies of the group; the first copy writes it.</summary>
    private int PlaceOf(StoredMessage message)
    {
        if (message.WrittenIn.Writing != _writing)
        {
            Begin(RecordType.Body);
            WriteBody(message);
            message.WrittenIn = (_writing, _bodies++);
        }

        return message.WrittenIn.Place;
    }

    private void WriteBody(StoredMessage message)
    {
        var flags = (BodyFlags)message.QoS | (message.Retain ? BodyFlags.Retain : 0) | (message.ExpiresAt is null ? 0 : BodyFlags.Expires);
        Put(message.Topic.Utf8);
        Put(message.Payload);
        Put(message.Properties);
        Put((byte)flags);
        if (message.ExpiresAt is { } at)
        {
            Put((ulong)Math.Max(0, _utc + (long)time.GetElapsedTime(_now, at).TotalMilliseconds));
        }
    }

    private void WriteWill(WillRecord will)
    {
        var flags = (BodyFlags)will.QoS | (will.Retain ? BodyFlags.Retain : 0) | (will.Expiry is null ? 0 : BodyFlags.Expires)
            | (will.Delay > 0 ? BodyFlags.Delayed : 0);
        Put(will.ClientId);
        Put(will.Identity);
        Put(will.Topic);
        Put(will.Payload.Span);
        Put(will.Properties);
        Put((byte)flags);
        if (will.Expiry is { } expiry)
        {
            Put(expiry);
        }

        if (will.Delay > 0)
        {
            Put(will.Delay);
        }
    }

    private void WriteSubscription(SubscriptionRecord subscription)
    {
        Put(subscription.Filter);
        Put((byte)((byte)subscription.QoS | (subscription.NoLocal ? 4 : 0) | (subscription.RetainAsPublished ? 8 : 0)
            | (subscription.AwaitsRetained ? 16 : 0)));
        Put(subscription.Identifiers.AsSpan());
    }

    private void Begin(RecordType type)
    {
        Put((byte)type);
        _records++;
    }

    private void Put(ReadOnlySpan<int> identifiers)
    {
        Put((ulong)identifiers.Length);
        foreach (var identifier in identifiers)
        {
            Put((ulong)identifier);
        }
    }

    private void Put(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        Put((ulong)size);
        Encoding.UTF8.GetBytes(text, Take(size));
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Put((ulong)bytes.Length);
        bytes.CopyTo(Take(bytes.Length));
    }

    private void Put(RetainedStamp stamp)
    {
        Put((ulong)RetainedStamp.Size);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), stamp.Clock);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), stamp.Origin);
    }

    private void Put(byte value) => Take(1)[0] = value;

    private void Put(ulong value)
    {
        while (value >= 0x80)
        {
            Put((byte)(value | 0x80));
            value >>= 7;
        }

        Put((byte)value);
    }

    private Span<byte> Take(int size)
    {
        if (_buffer.Length - _length < size)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + size));
        }

        var taken = _buffer.AsSpan(_length, size);
        _length += size;
        return taken;
    }
}
