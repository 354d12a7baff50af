using System.Collections.Immutable;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Store;

/// <summary>
/// What the groups of a journal say, applied one after another. A record about something that is not there any more changes nothing.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="maxInMemory">
/// About how many bytes of one session's copies are kept in memory; of what follows it is noted where it lies.
/// </param>
internal sealed class JournalReplay(TimeProvider time, long maxInMemory = long.MaxValue)
{
    private readonly Dictionary<uint, KeptSession> _sessions = [];
    private readonly Dictionary<string, (StoredMessage Message, string Identity, RetainedStamp Stamp)> _retained =
        new(StringComparer.Ordinal);
    private readonly Dictionary<string, RetainedStamp> _marks = new(StringComparer.Ordinal);
    private readonly Dictionary<long, WillRecord> _wills = [];
    private readonly GroupBodies _bodies = new(time);
    private RetainedStamp _floor;
    private string _lastRetained = "";
    private long _number;

    /// <summary>The highest number of a session.</summary>
    public uint LastSession { get; private set; }

    /// <summary>The highest number of a will.</summary>
    public long LastWill { get; private set; }

    /// <summary>When the last group that was applied was written, UTC; null before the first.</summary>
    public DateTimeOffset? LastWrittenAt { get; private set; }

    /// <summary>When this began, UTC.</summary>
    public DateTimeOffset Now => _bodies.Utc;

    /// <summary>How many sessions there are.</summary>
    public int Sessions => _sessions.Count;

    /// <summary>How many copies there are.</summary>
    public long Messages { get; private set; }

    /// <summary>Applies the next group.</summary>
    /// <exception cref="JournalFormatException">It is damaged, or a newer version wrote it.</exception>
    public void Apply(long number, ReadOnlySpan<byte> group)
    {
        var reader = new GroupReader(number, group);
        _number = number;
        _bodies.Clear();
        try
        {
            while (reader.TryNext(out var type))
            {
                Apply(type, ref reader);
            }
        }
        catch (Exception impossible) when (impossible is OverflowException or ArgumentException)
        {
            throw new JournalFormatException($"a value in it is impossible: {impossible.Message}");
        }

        LastWrittenAt = reader.WrittenAt;
    }

    /// <summary>The client identifier of a session; null when there is none with this number.</summary>
    public string? ClientIdOf(uint session) => _sessions.GetValueOrDefault(session)?.Record.ClientId;

    /// <summary>What was sent to clients and is not in memory: it must be supplied.</summary>
    public IReadOnlyList<(uint Session, StoredCopy[] Missing)> Missing =>
        [.. _sessions.Select(pair => (pair.Key, pair.Value.Missing)).Where(pair => pair.Missing.Length > 0)];

    /// <summary>One of <see cref="Missing"/> was read.</summary>
    public void Supply(uint session, in QueuedMessage copy) => _sessions[session].Supply(copy);

    /// <summary>What the broker begins with. Nothing may be <see cref="Missing"/>.</summary>
    /// <param name="open">Makes what keeps a session from now on, from its number.</param>
    public BrokerState ToState(Func<uint, ISessionStore> open) => new(
        [.. _sessions.Select(pair => ToState(pair.Value, open(pair.Key)))],
        [.. _retained.Values],
        [.. _wills.OrderBy(pair => pair.Key).Select(pair => new WillState(pair.Key, pair.Value, SinceOf(pair.Value)))])
    {
        RetainedMarks = [.. _marks.Select(pair => (MqttText.Encode(pair.Key), pair.Value))],
        RetainedFloor = _floor,
    };

    /// <summary>A session whose client was connected to the end is away from now on, and not only until the next crash.</summary>
    private SessionState ToState(KeptSession session, ISessionStore store)
    {
        if (session.AwayAt is null && !session.IsOver)
        {
            store.PutPresence(isConnected: false);
        }

        return session.ToState(store, SinceOf(session)) with { Present = session.PresentAt is { } at ? Since(at) : null };
    }

    /// <summary>When the last group was written says nothing about when a connection ended: an idle broker writes none.</summary>
    private TimeSpan SinceOf(KeptSession session) => session.AwayAt is { } at ? Since(at) : TimeSpan.Zero;

    private TimeSpan SinceOf(WillRecord will) =>
        _sessions.Values.FirstOrDefault(session => session.Record.ClientId == will.ClientId && !session.IsOver) is { } session
            ? SinceOf(session)
            : TimeSpan.Zero;

    /// <summary>A wall clock that was set back makes nothing younger than now.</summary>
    private TimeSpan Since(DateTimeOffset at) => at < Now ? Now - at : TimeSpan.Zero;

    private void Apply(RecordType type, ref GroupReader reader)
    {
        switch (type)
        {
            case RecordType.Session:
                ApplySession(ref reader);
                break;
            case RecordType.SessionEnd:
                if (_sessions.Remove(reader.ReadSession(), out var ended))
                {
                    Messages -= ended.Count;
                }

                break;
            case RecordType.Presence:
                var present = Find(ref reader);
                var isConnected = reader.ReadNumber() != 0;
                var at = DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadLong());
                present?.AwayAt = isConnected ? null : at;
                present?.PresentAt = isConnected ? at : null;
                break;
            case RecordType.Subscription:
                var subscribed = Find(ref reader);
                var subscription = ReadSubscription(ref reader);
                subscribed?.Subscriptions[subscription.Filter] = subscription;
                break;
            case RecordType.SubscriptionEnd:
                var unsubscribed = Find(ref reader);
                var filter = reader.ReadText();
                unsubscribed?.Subscriptions.Remove(filter);
                break;
            case RecordType.SessionOver:
                Find(ref reader)?.IsOver = true;
                break;
            case RecordType.BurstEnd:
                var complete = Find(ref reader);
                var sent = reader.ReadText();
                complete?.EndRetained(sent);
                break;
            case RecordType.Body:
                _bodies.Note(ref reader);
                break;
            case RecordType.Copy:
                ApplyCopy(ref reader);
                break;
            case RecordType.Delivery:
                ApplyDelivery(ref reader);
                break;
            case RecordType.CopyEnd:
                var owner = Find(ref reader);
                var first = reader.ReadLong();
                for (var count = reader.ReadCount(); count > 0; count--)
                {
                    Messages -= owner?.Remove(first++) is true ? 1 : 0;
                }

                break;
            case RecordType.Received or RecordType.ReceivedEnd:
                ApplyReceived(type == RecordType.Received, ref reader);
                break;
            case RecordType.Retained:
                var identity = reader.ReadText();
                var message = _bodies.Read(ref reader);
                _lastRetained = message.Topic.Name;
                _retained[_lastRetained] = (message, identity, default);
                _marks.Remove(_lastRetained);
                break;
            case RecordType.RetainedEnd:
                _lastRetained = reader.ReadText();
                _retained.Remove(_lastRetained);
                _marks.Remove(_lastRetained);
                break;
            case RecordType.RetainedStamp:
                ApplyStamp(reader.ReadStamp());
                break;
            case RecordType.RetainedFloor:
                _floor = reader.ReadStamp();
                break;
            case RecordType.Will:
                var will = reader.ReadLong();
                LastWill = Math.Max(LastWill, will);
                _wills[will] = ReadWill(ref reader);
                break;
            case RecordType.WillEnd:
                _wills.Remove(reader.ReadLong());
                break;
        }
    }

    private void ApplySession(ref GroupReader reader)
    {
        var number = reader.ReadSession();
        var record = new SessionRecord(reader.ReadText(), reader.ReadText(), checked((uint)reader.ReadNumber()));
        LastSession = Math.Max(LastSession, number);
        if (_sessions.TryGetValue(number, out var known))
        {
            known.Record = record;
        }
        else
        {
            _sessions.Add(number, new KeptSession(record));
        }
    }

    /// <summary>The record before has a stamp: that of a removed message is kept too.</summary>
    private void ApplyStamp(RetainedStamp stamp)
    {
        if (_retained.TryGetValue(_lastRetained, out var known))
        {
            _retained[_lastRetained] = known with { Stamp = stamp };
        }
        else
        {
            _marks[_lastRetained] = stamp;
        }
    }

    private void ApplyCopy(ref GroupReader reader)
    {
        var session = Find(ref reader);
        var copy = reader.ReadCopy();
        var size = _bodies.SizeOf(copy);
        if (session is not null)
        {
            Messages -= session.Remove(copy.Sequence) ? 1 : 0;
            Messages++;
            if (session.Bytes < maxInMemory || copy.State != DeliveryState.Done)
            {
                session.Add(copy.ToQueued(_bodies.Of(copy, reader)), _number, size);
            }
            else
            {
                session.Backlog.Add(new StoredCopy(copy.Sequence, _number), size, copy.Share is not null);
            }

            session.Note(copy.Sequence, copy.PacketId, copy.State);
        }
    }

    private void ApplyDelivery(ref GroupReader reader)
    {
        var session = Find(ref reader);
        var first = reader.ReadLong();
        var count = reader.ReadCount();
        var packetId = reader.ReadPacketId();
        var state = (DeliveryState)reader.ReadByte();
        for (; count > 0; count--)
        {
            session?.Note(first++, packetId, state);
            packetId = PacketIds.After(packetId);
        }
    }

    private void ApplyReceived(bool isNew, ref GroupReader reader)
    {
        var session = Find(ref reader);
        var packetId = reader.ReadPacketId();
        for (var count = reader.ReadCount(); count > 0; count--)
        {
            if (isNew)
            {
                session?.Received.Add(packetId);
            }
            else
            {
                session?.Received.Remove(packetId);
            }

            packetId = PacketIds.After(packetId);
        }
    }

    private KeptSession? Find(ref GroupReader reader) => _sessions.GetValueOrDefault(reader.ReadSession());

    private static SubscriptionRecord ReadSubscription(ref GroupReader reader)
    {
        var filter = reader.ReadText();
        var options = reader.ReadByte();
        return new SubscriptionRecord(
            filter, (QualityOfService)(options & 3), (options & 4) != 0, (options & 8) != 0, [.. reader.ReadIdentifiers()],
            (options & 16) != 0);
    }

    private static WillRecord ReadWill(ref GroupReader reader)
    {
        var (clientId, identity) = (reader.ReadText(), reader.ReadText());
        var topic = reader.ReadBytes().ToArray();
        var payload = reader.ReadBytes().ToArray();
        var properties = reader.ReadBytes().ToArray();
        var flags = (BodyFlags)reader.ReadByte();
        uint? expiry = flags.HasFlag(BodyFlags.Expires) ? checked((uint)reader.ReadNumber()) : null;
        var delay = flags.HasFlag(BodyFlags.Delayed) ? checked((uint)reader.ReadNumber()) : 0;
        return new WillRecord(
            clientId, identity, topic, payload, properties, (QualityOfService)(flags & BodyFlags.QoS), flags.HasFlag(BodyFlags.Retain),
            expiry, delay);
    }
}
