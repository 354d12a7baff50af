using System.Buffers.Binary;
using System.Text;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store;

/// <summary>Reads one group. Nothing of it is returned before its check sum was found right.</summary>
internal ref struct GroupReader
{
    private readonly bool _isWhole;
    private readonly ReadOnlySpan<byte> _group;
    private ReadOnlySpan<byte> _rest;
    private int _records;

    /// <exception cref="JournalFormatException">It is damaged, or a newer version wrote it.</exception>
    public GroupReader(long number, ReadOnlySpan<byte> group)
    {
        if (group.Length < GroupFormat.HeaderSize)
        {
            throw new JournalFormatException($"it has {group.Length} bytes, too few for a group");
        }

        if (GroupFormat.Crc(group[GroupFormat.NumberAt..]) != BinaryPrimitives.ReadUInt32LittleEndian(group[GroupFormat.CrcAt..]))
        {
            throw new JournalFormatException("its check sum is wrong");
        }

        if (group[0] > GroupFormat.Version)
        {
            throw new JournalFormatException($"it has format {group[0]}, and this version reads formats up to {GroupFormat.Version}")
            {
                IsNewer = true,
            };
        }

        var own = BinaryPrimitives.ReadInt64LittleEndian(group[GroupFormat.NumberAt..]);
        if (own != number)
        {
            throw new JournalFormatException($"it says that it is group {own}");
        }

        this = new GroupReader(group, isWhole: true);
    }

    private GroupReader(ReadOnlySpan<byte> group, bool isWhole)
    {
        _isWhole = isWhole;
        _group = group;
        WrittenAt = GroupFormat.TimeOf(group);
        _records = BinaryPrimitives.ReadInt32LittleEndian(group[GroupFormat.CountAt..]);
        _rest = group[GroupFormat.HeaderSize..];
    }

    /// <summary>Reads a group whose check sum is wrong: for hints at what is in it, and for nothing else.</summary>
    /// <param name="group">At least a header.</param>
    public static GroupReader OfDamaged(ReadOnlySpan<byte> group) => new(group, isWhole: false);

    /// <summary>When it was written, UTC.</summary>
    public DateTimeOffset WrittenAt { get; }

    /// <summary>How many bytes of the group were read.</summary>
    public readonly int Position => _group.Length - _rest.Length;

    /// <summary>Another reader, at a position that this one has had.</summary>
    public readonly GroupReader At(int position) => this with { _rest = _group[position..] };

    /// <summary>The next record, whose parts must be read in their order.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="JournalFormatException">It is of a type that a newer version writes, or the group does not end with its last
    /// record.</exception>
    public bool TryNext(out RecordType type)
    {
        while (_records > 0)
        {
            _records--;
            type = (RecordType)ReadByte();
            if (type < RecordType.FirstSkippable)
            {
                return type is > RecordType.None and <= RecordType.SessionOver
                    ? true
                    : throw new JournalFormatException($"it has a record of type {(byte)type}, which this version does not know")
                    {
                        IsNewer = type > RecordType.None && _isWhole,
                    };
            }

            if (type is RecordType.RetainedStamp or RecordType.RetainedFloor)
            {
                return true;
            }

            ReadBytes();
        }

        type = RecordType.None;
        return _rest.IsEmpty ? false : throw new JournalFormatException($"{_rest.Length} bytes follow its last record");
    }

    public byte ReadByte() => Take(1)[0];

    public ulong ReadNumber()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new JournalFormatException("a number is longer than ten bytes");
    }

    public uint ReadSession() => checked((uint)ReadNumber());

    public int ReadCount() => checked((int)ReadNumber());

    public long ReadLong() => checked((long)ReadNumber());

    public ushort ReadPacketId() => checked((ushort)ReadNumber());

    public ReadOnlySpan<byte> ReadBytes() => Take(ReadCount());

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    public RetainedStamp ReadStamp()
    {
        var bytes = ReadBytes();
        return bytes.Length < RetainedStamp.Size
            ? throw new JournalFormatException($"a stamp has {bytes.Length} bytes")
            : new RetainedStamp(
                BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
    }

    public CopyRecord ReadCopy()
    {
        var (sequence, body, flags) = (ReadLong(), ReadCount(), (CopyFlags)ReadByte());
        var identifiers = flags.HasFlag(CopyFlags.HasIdentifiers) ? ReadIdentifiers() : [];
        var share = flags.HasFlag(CopyFlags.HasShare) ? ReadText() : null;
        return flags.HasFlag(CopyFlags.HasDelivery)
            ? new CopyRecord(sequence, body, flags, identifiers, share, ReadPacketId(), (DeliveryState)ReadByte())
            : new CopyRecord(sequence, body, flags, identifiers, share, 0, DeliveryState.Done);
    }

    /// <summary>Reads the parts of a record whose type was read, and does nothing with them.</summary>
    public void Skip(RecordType type)
    {
        switch (type)
        {
            case RecordType.Session:
                ReadSession();
                ReadBytes();
                ReadBytes();
                ReadNumber();
                break;
            case RecordType.SessionEnd or RecordType.SessionOver or RecordType.WillEnd:
                ReadNumber();
                break;
            case RecordType.Presence or RecordType.CopyEnd or RecordType.Received or RecordType.ReceivedEnd:
                ReadSession();
                ReadNumber();
                ReadNumber();
                break;
            case RecordType.Subscription:
                ReadSession();
                ReadBytes();
                ReadByte();
                ReadIdentifiers();
                break;
            case RecordType.SubscriptionEnd or RecordType.BurstEnd:
                ReadSession();
                ReadBytes();
                break;
            case RecordType.Delivery:
                ReadSession();
                ReadNumber();
                ReadNumber();
                ReadNumber();
                ReadByte();
                break;
            case RecordType.Copy:
                ReadSession();
                ReadCopy();
                break;
            case RecordType.Body:
                SkipBody();
                break;
            case RecordType.Retained:
                ReadBytes();
                SkipBody();
                break;
            case RecordType.RetainedEnd or RecordType.RetainedStamp or RecordType.RetainedFloor:
                ReadBytes();
                break;
            case RecordType.Will:
                ReadNumber();
                ReadBytes();
                ReadBytes();
                SkipWill();
                break;
        }
    }

    public int[] ReadIdentifiers()
    {
        var identifiers = new int[Math.Min(ReadCount(), _rest.Length)];
        for (var i = 0; i < identifiers.Length; i++)
        {
            identifiers[i] = ReadCount();
        }

        return identifiers;
    }

    /// <returns>Its flags, and about how many bytes it has.</returns>
    private BodyFlags SkipMessage(out int size)
    {
        size = ReadBytes().Length + ReadBytes().Length + ReadBytes().Length;
        return (BodyFlags)ReadByte();
    }

    /// <summary>Reads the parts of a message, and does nothing with them.</summary>
    /// <returns>How many bytes its topic, payload and properties have.</returns>
    public int SkipBody()
    {
        if (SkipMessage(out var size).HasFlag(BodyFlags.Expires))
        {
            ReadNumber();
        }

        return size;
    }

    private void SkipWill()
    {
        var flags = SkipMessage(out _);
        if (flags.HasFlag(BodyFlags.Expires))
        {
            ReadNumber();
        }

        if (flags.HasFlag(BodyFlags.Delayed))
        {
            ReadNumber();
        }
    }

    private ReadOnlySpan<byte> Take(int size)
    {
        if (size > _rest.Length)
        {
            throw new JournalFormatException("it ends within a record");
        }

        var taken = _rest[..size];
        _rest = _rest[size..];
        return taken;
    }
}
