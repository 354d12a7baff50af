using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Store;

/// <summary>
/// The changes of one session. What changes undo within a group is never written: a copy that is queued, delivered and acknowledged leaves
/// nothing. Its members are called under the session's lock.
/// </summary>
internal sealed class SessionLog(ChangeBuffer buffer, JournalRewrite rewrite, BacklogReader reader, uint number) : ISessionStore
{
    private const int Nothing = -1;

    // What it has put into the group with this ticket; for the gate of the buffer.
    private long _ticket;
    private List<(long Sequence, int Index)>? _copies;
    private int _oldest;
    private int _copy = Nothing;
    private int _delivery = Nothing;
    private int _copyEnd = Nothing;
    private int _received = Nothing;
    private int _receivedEnd = Nothing;
    private int _rewritten = Nothing;
    private int _presence = Nothing;
    private int _last = Nothing;

    public long LastTicket { get; private set; }

    public bool GivesBack => true;

    public StoredPlace LastPlace { get; private set; } = new();

    /// <summary>The ticket from which on all of it was written. For the gate of the buffer.</summary>
    public long CompleteSince { get; private set; }

    /// <remarks>What was put before can be undone no more by leaving it out, because it is put again.</remarks>
    public void BeginRewrite(SessionRecord session, bool isConnected, TimeSpan since)
    {
        lock (buffer.Gate)
        {
            JoinLocked();
            CompleteSince = LastTicket;
            _copies?.Clear();
            _oldest = 0;
            _received = _receivedEnd = _presence = Nothing;
        }

        Put(session);
        Add(RecordType.Presence, value: buffer.UtcNow - (long)since.TotalMilliseconds, count: isConnected ? 1 : 0);
    }

    public ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(
        Func<StoredCopy[]> wanted, int attempts, CancellationToken cancellationToken) =>
        reader.ReadAsync(number, wanted, attempts, cancellationToken);

    public void PutAgain(in QueuedMessage message, ushort packetId, DeliveryState state)
    {
        lock (buffer.Gate)
        {
            var group = BeginLocked(out var index);
            ref var change = ref group.At(index);
            change.Type = RecordType.Copy;
            change.Session = number;
            change.Copy = message;
            change.PacketId = packetId;
            change.State = state;
            _copy = _rewritten = index;
            EndLocked(group, index, message.Message.Size);
        }
    }

    public void Put(SessionRecord session) =>
        Add(RecordType.Session, session, size: session.ClientId.Length + session.Identity.Length);

    /// <remarks>The last one counts, so it takes the place of an earlier one: a client that comes again and again adds nothing.</remarks>
    public void PutPresence(bool isConnected)
    {
        lock (buffer.Gate)
        {
            var group = JoinLocked();
            if (_presence == Nothing)
            {
                _presence = AddLocked(RecordType.Presence);
            }

            ref var change = ref group.At(_presence);
            (change.Number, change.Count) = (buffer.UtcNow, isConnected ? 1 : 0);
        }
    }

    public void BeginEnd()
    {
        // What is left of it is read from where it lies: until it has ended, nothing may be dropped.
        AbandonRewrite();
        Add(RecordType.SessionOver);
    }

    public void AbandonRewrite()
    {
        lock (buffer.Gate)
        {
            CompleteSince = 0;
        }
    }

    public void End()
    {
        Add(RecordType.SessionEnd);
        rewrite.Forget(this);
        reader.Forget(number);
    }

    public void PutSubscription(SubscriptionRecord subscription) =>
        Add(RecordType.Subscription, subscription, size: subscription.Filter.Length);

    public void DeleteSubscription(string filter) => Add(RecordType.SubscriptionEnd, filter, size: filter.Length);

    public void EndRetained(string filter) => Add(RecordType.BurstEnd, filter, size: filter.Length);

    public void PutMessage(in QueuedMessage message)
    {
        lock (buffer.Gate)
        {
            var group = BeginLocked(out var index);
            ref var change = ref group.At(index);
            change.Type = RecordType.Copy;
            change.Session = number;
            change.Copy = message;
            (_copies ??= []).Add((message.Sequence, index));
            _copy = index;
            EndLocked(group, index, message.Message.Size);
        }
    }

    public void PutDelivery(long sequence, ushort packetId, DeliveryState state)
    {
        lock (buffer.Gate)
        {
            var group = JoinLocked();

            // A copy that is sent at once says so itself.
            if (_last != Nothing && group.At(_last) is { Type: RecordType.Copy, State: DeliveryState.Done } copy
                && copy.Copy.Sequence == sequence)
            {
                ref var own = ref group.At(_last);
                (own.PacketId, own.State) = (packetId, state);
                return;
            }

            // Not before a copy that it may be about.
            if (_delivery > _copy)
            {
                ref var range = ref group.At(_delivery);
                if (range.State == state && range.Number + range.Count == sequence && Follows(range, packetId))
                {
                    range.Count++;
                    return;
                }
            }

            _delivery = AddLocked(RecordType.Delivery, sequence, packetId, state);
        }
    }

    public void DeleteMessage(long sequence)
    {
        lock (buffer.Gate)
        {
            var group = JoinLocked();
            if (FindCopyLocked(sequence) is var index and not Nothing)
            {
                group.At(index) = default;
                return;
            }

            if (_copyEnd > _rewritten)
            {
                ref var range = ref group.At(_copyEnd);
                if (range.Number + range.Count == sequence)
                {
                    range.Count++;
                    return;
                }
            }

            _copyEnd = AddLocked(RecordType.CopyEnd, sequence);
        }
    }

    public void PutReceived(ushort packetId)
    {
        lock (buffer.Gate)
        {
            JoinLocked();
            _received = ExtendLocked(RecordType.Received, _received, _receivedEnd, packetId);
        }
    }

    public void DeleteReceived(ushort packetId)
    {
        lock (buffer.Gate)
        {
            JoinLocked();
            _receivedEnd = ExtendLocked(RecordType.ReceivedEnd, _receivedEnd, _received, packetId);
        }
    }

    private static bool Follows(in Change range, ushort packetId) =>
        (range.PacketId - 1 + range.Count) % ushort.MaxValue == packetId - 1;

    /// <summary>Lengthens a range of identifiers, unless the opposite has happened since to what might be the same ones.</summary>
    private int ExtendLocked(RecordType type, int own, int opposite, ushort packetId)
    {
        var group = JoinLocked();
        if (own != Nothing && own > opposite)
        {
            ref var range = ref group.At(own);
            if (Follows(range, packetId))
            {
                range.Count++;
                return own;
            }
        }

        return AddLocked(type, packetId: packetId);
    }

    private void Add(RecordType type, object? subject = null, long value = 0, int count = 1, int size = 0)
    {
        lock (buffer.Gate)
        {
            var group = BeginLocked(out var index);
            ref var change = ref group.At(index);
            change.Type = type;
            change.Session = number;
            change.Subject = subject;
            change.Number = value;
            change.Count = count;
            EndLocked(group, index, size);
        }
    }

    private int AddLocked(RecordType type, long sequence = 0, ushort packetId = 0, DeliveryState state = DeliveryState.Done)
    {
        var group = BeginLocked(out var index);
        ref var change = ref group.At(index);
        change.Type = type;
        change.Session = number;
        change.Number = sequence;
        change.PacketId = packetId;
        change.State = state;
        change.Count = 1;
        EndLocked(group, index, size: 0);
        return index;
    }

    private OpenGroup BeginLocked(out int index)
    {
        var group = JoinLocked();
        index = group.Add();
        return group;
    }

    private void EndLocked(OpenGroup group, int index, int size)
    {
        _last = index;
        buffer.NoteLocked(group, size);
    }

    /// <summary>Its first change follows. Under the gate of the buffer.</summary>
    public void BeginLocked() => CompleteSince = buffer.TicketLocked;

    /// <summary>The open group. What is known of an earlier one does not count any more.</summary>
    private OpenGroup JoinLocked()
    {
        var group = buffer.OpenLocked(out var ticket);
        if (ticket != _ticket)
        {
            _ticket = ticket;
            _copies?.Clear();
            _oldest = 0;
            _copy = _delivery = _copyEnd = _received = _receivedEnd = _rewritten = _presence = _last = Nothing;
        }

        LastTicket = ticket;
        LastPlace = group.Place;
        return group;
    }

    /// <summary>The index of a copy that was put into the open group. Mostly it is the oldest one.</summary>
    private int FindCopyLocked(long sequence)
    {
        if (_copies is null || _oldest == _copies.Count)
        {
            return Nothing;
        }

        if (_copies[_oldest].Sequence == sequence)
        {
            return _copies[_oldest++].Index;
        }

        var at = _copies.BinarySearch(_oldest, _copies.Count - _oldest, (sequence, 0), BySequence.Instance);
        return at >= 0 ? _copies[at].Index : Nothing;
    }

    private sealed class BySequence : IComparer<(long Sequence, int Index)>
    {
        public static readonly BySequence Instance = new();

        public int Compare((long Sequence, int Index) left, (long Sequence, int Index) right) => left.Sequence.CompareTo(right.Sequence);
    }
}
