using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>Takes groups apart, record by record, for people. <see cref="JournalReplay"/> reads the same for the broker.</summary>
internal static class RecordDecoder
{
    /// <summary>The records of a group.</summary>
    /// <exception cref="JournalFormatException">It is damaged, or a newer version wrote it.</exception>
    public static IReadOnlyList<JournalRecord> Read(long number, ReadOnlySpan<byte> group)
    {
        var records = new List<JournalRecord>();
        return Read(new GroupReader(number, group), records) is { } wrong ? throw wrong : records;
    }

    /// <summary>What looks like records in a group that is damaged, up to the first that does not. They may be wrong.</summary>
    public static IReadOnlyList<JournalRecord> Guess(ReadOnlySpan<byte> group)
    {
        var records = new List<JournalRecord>();
        if (group.Length >= GroupFormat.HeaderSize)
        {
            Read(GroupReader.OfDamaged(group), records);
        }

        return records;
    }

    private static JournalFormatException? Read(GroupReader reader, List<JournalRecord> records)
    {
        try
        {
            while (reader.TryNext(out var type))
            {
                // What fails in its middle stays with its type and its session: both are hints.
                records.Add(new JournalRecord(type));
                if (type is not (RecordType.Body or RecordType.Retained or RecordType.RetainedEnd or RecordType.Will or RecordType.WillEnd
                    or RecordType.RetainedStamp or RecordType.RetainedFloor))
                {
                    records[^1] = records[^1] with { Session = reader.ReadSession() };
                }

                records[^1] = Read(records[^1], ref reader);
            }

            return null;
        }
        catch (JournalFormatException wrong)
        {
            return wrong;
        }
        catch (Exception impossible) when (impossible is OverflowException or ArgumentException)
        {
            return new JournalFormatException($"a value in it is impossible: {impossible.Message}");
        }
    }

    private static JournalRecord Read(JournalRecord record, ref GroupReader reader)
    {
        return record.Type switch
        {
            RecordType.Body => ReadBody(record, ref reader),
            RecordType.Retained => ReadBody(record with { Identity = reader.ReadText() }, ref reader),
            RecordType.RetainedEnd => record with { Topic = reader.ReadText() },
            RecordType.RetainedStamp or RecordType.RetainedFloor => record with { Stamp = reader.ReadStamp() },
            RecordType.Will => ReadWill(record with { Will = reader.ReadLong() }, ref reader),
            RecordType.WillEnd => record with { Will = reader.ReadLong() },
            RecordType.Session => record with
            {
                ClientId = reader.ReadText(),
                Identity = reader.ReadText(),
                ExpirySeconds = checked((uint)reader.ReadNumber()),
            },
            RecordType.Presence => record with { IsConnected = reader.ReadNumber() != 0, At = ReadTime(ref reader) },
            RecordType.Subscription => ReadSubscription(record, ref reader),
            RecordType.SubscriptionEnd or RecordType.BurstEnd => record with { Filter = reader.ReadText() },
            RecordType.Copy => ReadCopy(record, ref reader),
            RecordType.Delivery => record with
            {
                Sequence = reader.ReadLong(),
                Count = reader.ReadCount(),
                PacketId = reader.ReadPacketId(),
                State = (DeliveryState)reader.ReadByte(),
            },
            RecordType.CopyEnd => record with { Sequence = reader.ReadLong(), Count = reader.ReadCount() },
            RecordType.Received or RecordType.ReceivedEnd => record with { PacketId = reader.ReadPacketId(), Count = reader.ReadCount() },
            _ => record,
        };
    }

    private static JournalRecord ReadSubscription(JournalRecord record, ref GroupReader reader)
    {
        var filter = reader.ReadText();
        var options = reader.ReadByte();
        return record with
        {
            Subscription = new SubscriptionRecord(
                filter, (QualityOfService)(options & 3), (options & 4) != 0, (options & 8) != 0, [.. reader.ReadIdentifiers()],
                AwaitsRetained: (options & 16) != 0),
        };
    }

    private static JournalRecord ReadCopy(JournalRecord record, ref GroupReader reader)
    {
        var copy = reader.ReadCopy();
        record = record with
        {
            Sequence = copy.Sequence,
            Body = copy.Body,
            QoS = (QualityOfService)(copy.Flags & CopyFlags.QoS),
            Retain = copy.Flags.HasFlag(CopyFlags.Retain),
            IsOfBurst = copy.Flags.HasFlag(CopyFlags.IsOfBurst),
            Identifiers = copy.Identifiers,
            Share = copy.Share,
        };
        return copy.Flags.HasFlag(CopyFlags.HasDelivery) ? record with { PacketId = copy.PacketId, State = copy.State } : record;
    }

    private static JournalRecord ReadBody(JournalRecord record, ref GroupReader reader)
    {
        record = ReadMessage(record, ref reader, out var flags);
        return flags.HasFlag(BodyFlags.Expires) ? record with { At = ReadTime(ref reader) } : record;
    }

    private static JournalRecord ReadWill(JournalRecord record, ref GroupReader reader)
    {
        record = ReadMessage(record with { ClientId = reader.ReadText(), Identity = reader.ReadText() }, ref reader, out var flags);
        return record with
        {
            Expiry = flags.HasFlag(BodyFlags.Expires) ? checked((uint)reader.ReadNumber()) : null,
            Delay = flags.HasFlag(BodyFlags.Delayed) ? checked((uint)reader.ReadNumber()) : null,
        };
    }

    private static JournalRecord ReadMessage(JournalRecord record, ref GroupReader reader, out BodyFlags flags)
    {
        record = record with
        {
            Topic = reader.ReadText(),
            Payload = reader.ReadBytes().ToArray(),
            Properties = reader.ReadBytes().ToArray(),
        };
        flags = (BodyFlags)reader.ReadByte();
        return record with { QoS = (QualityOfService)(flags & BodyFlags.QoS), Retain = flags.HasFlag(BodyFlags.Retain) };
    }

    private static DateTimeOffset ReadTime(ref GroupReader reader) => DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadLong());
}
