using System.Buffers;
using System.Buffers.Binary;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Retained;

/// <summary>Writes and reads what comes behind a <see cref="SyncHeader"/>. Not thread-safe.</summary>
internal sealed class SyncBody
{
    /// <summary>The most bytes of a length.</summary>
    private const int Length = 5;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public int Size => _bytes.WrittenCount;

    /// <summary>How many bytes of topics may be said at once, so that one topic more still goes.</summary>
    /// <param name="bus">Says how large a message may be.</param>
    /// <param name="usual">Enough on a bus that takes large ones.</param>
    public static int RoomOn(IBus bus, int usual) => Math.Min(usual, (bus.LargestMessage - SyncHeader.Size) / 2);

    public void Put(byte value) => _bytes.Write([value]);

    public void Put(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(sizeof(int)), value);
        _bytes.Advance(sizeof(int));
    }

    public void Put(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), value);
        _bytes.Advance(sizeof(ulong));
    }

    public void Put(byte[] topic) => _bytes.Advance(FrameRecord.WriteBytes(_bytes.GetSpan(Length + topic.Length), topic));

    public void Put(byte[] topic, RetainedStamp stamp)
    {
        Put(topic);
        _bytes.Advance(FrameRecord.WriteStamp(_bytes.GetSpan(RetainedStamp.Size), stamp));
    }

    public void Append(SyncBody other) => _bytes.Write(other.Written);

    /// <summary>Writes a message, unless it would be larger than it may be.</summary>
    /// <param name="message">The message.</param>
    /// <param name="most">How large all may be together.</param>
    public bool TryPut(in Publication message, int most)
    {
        var room = FrameRecord.MostBytesOf(message);
        if (Size + room > most)
        {
            return false;
        }

        _bytes.Advance(FrameRecord.Write(_bytes.GetSpan(room), message, message.QoS, origin: 0, Audience.All));
        return true;
    }

    public static bool TryRead(scoped ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> topic) =>
        FrameRecord.TryReadBytes(ref from, out topic) && TopicName.IsValid(topic);

    public static bool TryRead(scoped ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> topic, out RetainedStamp stamp)
    {
        stamp = default;
        return TryRead(ref from, out topic) && FrameRecord.TryReadStamp(ref from, out stamp);
    }

    public static bool TryRead(scoped ref ReadOnlySpan<byte> from, out int value)
    {
        if (!BinaryPrimitives.TryReadInt32LittleEndian(from, out value) || value < 0)
        {
            return false;
        }

        from = from[sizeof(int)..];
        return true;
    }
}
