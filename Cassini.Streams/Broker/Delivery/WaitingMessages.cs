using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// The messages of one session that are not in flight yet, oldest first; bounded by number and by bytes. Among them may be QoS 0 messages
/// that must not overtake one that waits, and retained ones. Those that may be taken are in memory; when these are many, and the session is
/// stored, the rest is a <see cref="StoredTail"/>. Belongs to the session's lock.
/// </summary>
internal sealed class WaitingMessages(BrokerOptions options, MemoryTally tally, BrokerCounters counters, SessionJournal journal)
{
    /// <summary>A queue that was longer gives its memory back when it is empty.</summary>
    private const int KeptCapacity = 64;

    /// <summary>What is read back at once for an identity that has its share of memory.</summary>
    private const int LittleRead = 16 * 1024;

    private Queue<QueuedMessage>? _queue;
    private StoredTail? _tail;
    private long _bytes;
    private int _forConnection;

    public int Count => Ready + (_tail?.Count ?? 0);

    /// <summary>The bytes of those that may be taken. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The sequence number of the oldest one. Not when there is none.</summary>
    public long OldestSequence => Ready > 0 ? _queue!.Peek().Sequence : _tail!.OldestSequence;

    /// <summary>Whether some are to be in the store alone, as soon as they are durable: see <see cref="Settle"/>.</summary>
    public bool HasPending => _tail is { HasPending: true };

    private int Ready => _queue?.Count ?? 0;

    /// <summary>Whether messages beyond those in memory may be in the store alone.</summary>
    private bool MayHaveTail => options.MaxQueuedOnDisk > 0 && journal.GivesBack;

    /// <summary>Keeps a message until it can be sent.</summary>
    /// <param name="queued">The message.</param>
    /// <param name="isConnected">
    /// Whether the client is connected: for one that is away none is kept in memory once its identity has most of what it may have.
    /// </param>
    /// <returns>False when there is no room for it.</returns>
    public bool TryAdd(in QueuedMessage queued, bool isConnected)
    {
        if (Count >= options.MaxQueuedMessages)
        {
            return false;
        }

        if (_tail is null && HasRoom(queued, isConnected))
        {
            Restore(queued);
            if (queued.QoS != QualityOfService.AtMostOnce)
            {
                journal.PutMessage(queued);
            }

            return true;
        }

        var isStored = queued.QoS != QualityOfService.AtMostOnce;
        if (isStored ? _tail is null && !MayHaveTail : IsClosed(isConnected))
        {
            return false;
        }

        _tail ??= new StoredTail(options, tally, journal);
        var isAdded = _tail.TryAdd(queued, _bytes);
        DropEmptyTail();
        return isAdded;
    }

    /// <summary>Restores a message that the store kept.</summary>
    public void Restore(in QueuedMessage queued)
    {
        queued.Hold(tally);
        Enqueue(queued);
    }

    /// <summary>Restores those that are in the store alone, behind the others.</summary>
    public void Restore(StoredBacklog kept)
    {
        _tail = new StoredTail(options, tally, journal);
        _tail.Restore(kept);
    }

    /// <summary>Drops messages from memory that are durable, up to a number.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Settle(int atMost) => _tail?.Settle(atMost) is true;

    /// <summary>Whether some are to be read from the store, so that there is always something to send.</summary>
    public bool WantsMore =>
        _tail is { IsOldestStored: true } && (Ready == 0 || (!tally.Memory.IsOverShare && _bytes <= options.MaxQueuedInMemory / 2));

    /// <summary>Which these are.</summary>
    public StoredCopy[] NextToRead() =>
        WantsMore ? _tail!.Oldest(tally.Memory.IsOverShare ? LittleRead : options.MaxQueuedInMemory - _bytes) : [];

    /// <summary>What was read may be taken, as far as it is still the oldest in the store.</summary>
    public void AddRead(IReadOnlyList<QueuedMessage> read)
    {
        if (IsFrozen)
        {
            return;
        }

        foreach (var queued in read)
        {
            TakeFromTail();
            if (_tail?.TryTakeRead(queued) is true)
            {
                Restore(queued);
            }
        }

        DropEmptyTail();
    }

    /// <summary>Writes what is in memory to the store once more; what is not follows by <see cref="Tail"/>.</summary>
    /// <returns>How many there are.</returns>
    public int Rewrite()
    {
        foreach (var queued in _queue ?? Enumerable.Empty<QueuedMessage>())
        {
            if (queued.QoS != QualityOfService.AtMostOnce)
            {
                journal.PutAgain(queued);
            }
        }

        return Ready + (_tail?.BeginRewrite() ?? 0);
    }

    /// <summary>Whether what is in the store alone stays there, because all of it is being read for another node.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>Those that may be taken, oldest first.</summary>
    public IEnumerable<QueuedMessage> InMemory => _queue ?? Enumerable.Empty<QueuedMessage>();

    /// <summary>What is not in memory; null when there is nothing.</summary>
    public StoredTail? Tail => _tail;

    /// <summary>A message that was taken out is too old to be sent [MQTT-3.3.2-5].</summary>
    public void Expire(in QueuedMessage queued)
    {
        counters.AddExpired();
        queued.Release(tally, "expired");
        if (queued.QoS != QualityOfService.AtMostOnce)
        {
            journal.DeleteMessage(queued.Sequence);
        }
    }

    /// <summary>The oldest message, if it is in memory.</summary>
    public bool TryPeek(out QueuedMessage oldest)
    {
        if (Ready == 0)
        {
            TakeFromTail();
            DropEmptyTail();
        }

        oldest = default;
        return _queue?.TryPeek(out oldest) is true;
    }

    /// <summary>Takes out messages of QoS 1 and 2, wherever they lie.</summary>
    /// <param name="sequences">Their sequence numbers. What is found is taken out of it.</param>
    public void Remove(HashSet<long> sequences)
    {
        // As a rule these are the oldest ones.
        while (sequences.Count > 0 && TryPeek(out var oldest) && sequences.Remove(oldest.Sequence))
        {
            Drop(Dequeue());
        }

        sequences.RemoveWhere(sequence =>
        {
            var isStored = _tail?.TryRemoveStored(sequence) is true;
            if (isStored)
            {
                journal.DeleteMessage(sequence);
            }

            return isStored;
        });
        if (sequences.Count > 0)
        {
            _tail?.RemovePending(sequences, Drop);
            RemoveReady(sequences);
        }

        DropEmptyTail();
    }

    /// <summary>Drops the messages that do not wait for a client that is away.</summary>
    public void DropForConnection()
    {
        for (var i = _forConnection == 0 ? 0 : Ready; i > 0; i--)
        {
            var queued = Dequeue();
            if (queued.OutlivesConnection)
            {
                Enqueue(queued);
            }
            else
            {
                queued.Release(tally, nameof(OutboxVerdict.Closed));
            }
        }

        _tail?.DropForConnection(queued => queued.Release(tally, nameof(OutboxVerdict.Closed)));
        DropEmptyTail();
    }

    /// <summary>Takes everything out.</summary>
    /// <returns>What is in memory and comes first; what is in the store alone; and what is in memory and comes last.</returns>
    public (IReadOnlyCollection<QueuedMessage> First, StoredBacklog? Stored, IReadOnlyCollection<QueuedMessage> Last) TakeAll()
    {
        IReadOnlyCollection<QueuedMessage> first = _queue ?? [];
        StoredBacklog? stored = null;
        IReadOnlyCollection<QueuedMessage> last = [];
        if (_tail is not null)
        {
            (stored, last) = _tail.TakeAll();
        }

        _queue = null;
        _tail = null;
        _bytes = 0;
        _forConnection = 0;
        return (first, stored, last);
    }

    /// <summary>Takes the oldest message. Only after <see cref="TryPeek"/>.</summary>
    public QueuedMessage Dequeue()
    {
        var queued = _queue!.Dequeue();
        _bytes -= queued.Message.Size;
        _forConnection -= queued.OutlivesConnection ? 0 : 1;
        if (_queue is { Count: 0, Capacity: > KeptCapacity })
        {
            _queue = null;
        }

        return queued;
    }

    private void RemoveReady(HashSet<long> sequences)
    {
        for (var i = Ready; i > 0; i--)
        {
            var queued = Dequeue();
            if (sequences.Contains(queued.Sequence))
            {
                Drop(queued);
            }
            else
            {
                Enqueue(queued);
            }
        }
    }

    private void Drop(QueuedMessage queued)
    {
        queued.Release(tally);
        journal.DeleteMessage(queued.Sequence);
    }

    private bool HasRoom(in QueuedMessage queued, bool isConnected)
    {
        if (IsClosed(isConnected))
        {
            return false;
        }

        var bytes = _bytes + queued.Message.Size;
        return bytes <= options.MaxQueuedBytes
            && (bytes <= options.MaxQueuedInMemory || Ready == 0 || queued.QoS == QualityOfService.AtMostOnce || !MayHaveTail);
    }

    private bool IsClosed(bool isConnected) => isConnected ? tally.Memory.IsOverShare : tally.Memory.IsClosedToAbsent;

    /// <summary>Those at the beginning of the tail that are in memory may be taken, up to what memory may have.</summary>
    private void TakeFromTail()
    {
        while (_tail is { } tail && (Ready == 0 || _bytes < options.MaxQueuedInMemory) && tail.TryTakeFromMemory(out var oldest))
        {
            Enqueue(oldest);
        }
    }

    private void DropEmptyTail() => _tail = _tail is { Count: 0 } ? null : _tail;

    private void Enqueue(in QueuedMessage queued)
    {
        _queue ??= new Queue<QueuedMessage>();
        _queue.Enqueue(queued);
        _bytes += queued.Message.Size;
        _forConnection += queued.OutlivesConnection ? 0 : 1;
    }
}
