using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// What waits for one client behind what is in memory. A message is here until it is durable, and from then on in the store alone. QoS 0
/// messages, which are never stored, stay in memory, in their places among the others. Belongs to the session's lock.
/// </summary>
internal sealed class StoredTail(BrokerOptions options, MemoryTally tally, SessionJournal journal)
{
    /// <summary>About what a copy takes in the store beside its bytes.</summary>
    private const long CostInStore = 32;

    private readonly Queue<(QueuedMessage Message, StoredPlace Place)> _pending = [];
    private readonly Queue<QueuedMessage> _unstored = [];
    private StoredBacklog _stored = new();
    private int _blocks;
    private long _rewriteUpTo;

    public int Count => _stored.Count + _pending.Count + _unstored.Count;

    /// <summary>The bytes of those that are in memory.</summary>
    public long BytesInMemory { get; private set; }

    /// <summary>About how many bytes they take in the store, at most. Any thread.</summary>
    public long StoredBytes => BytesInMemory + _stored.Bytes + (_stored.Count * CostInStore);

    /// <summary>Whether some are not in the store alone yet, but will be.</summary>
    public bool HasPending => _pending.Count > 0;

    /// <summary>The lowest sequence number. Not when there is none.</summary>
    public long OldestSequence => Math.Min(OldestStored, OldestInMemory);

    /// <summary>The highest sequence number of those that are in the store alone; 0 when none are.</summary>
    public long LastStored => _stored.Count > 0 ? _stored.Last : 0;

    /// <summary>Those that will be in the store alone.</summary>
    public IEnumerable<QueuedMessage> Pending => _pending.Select(pending => pending.Message);

    private long OldestStored => _stored.Count > 0 ? _stored.First.Sequence : long.MaxValue;

    private long OldestInMemory => Math.Min(
        _pending.TryPeek(out var pending) ? pending.Message.Sequence : long.MaxValue,
        _unstored.TryPeek(out var unstored) ? unstored.Sequence : long.MaxValue);

    /// <summary>Adds a message, and puts it into the store.</summary>
    /// <param name="queued">The message.</param>
    /// <param name="before">The bytes in memory of those that wait before.</param>
    /// <returns>False when there is no room for it.</returns>
    public bool TryAdd(in QueuedMessage queued, long before)
    {
        var isStored = queued.QoS != QualityOfService.AtMostOnce;
        var size = queued.Message.StoredSize;
        var hasRoom = isStored
            ? _stored.Bytes + BytesInMemory + size <= options.MaxQueuedOnDisk && journal.TryTakeDisk(size)
            : before + BytesInMemory + queued.Message.Size <= options.MaxQueuedBytes;
        if (!hasRoom)
        {
            return false;
        }

        queued.Hold(tally);
        BytesInMemory += queued.Message.Size;
        if (isStored)
        {
            journal.PutMessage(queued);
            _pending.Enqueue((queued, journal.LastPlace));
        }
        else
        {
            _unstored.Enqueue(queued);
        }

        return true;
    }

    /// <summary>Restores what is in the store alone.</summary>
    public void Restore(StoredBacklog kept)
    {
        _stored = kept;
        journal.TakeDisk(kept.Bytes);
        CountBlocks();
    }

    /// <summary>Drops those that are durable from memory, up to a number.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Settle(int atMost)
    {
        for (; atMost > 0 && _pending.TryPeek(out var oldest) && oldest.Place.Group > 0; atMost--)
        {
            _pending.Dequeue();
            var message = oldest.Message;
            _stored.Add(
                new StoredCopy(message.Sequence, oldest.Place.Group), message.Message.StoredSize, isShared: message.Share is not null);
            BytesInMemory -= message.Message.Size;
            message.Release(tally);
        }

        CountBlocks();
        return atMost == 0;
    }

    /// <summary>Takes the oldest one, if it is in memory. It stays counted.</summary>
    public bool TryTakeFromMemory(out QueuedMessage oldest)
    {
        oldest = default;
        var sequence = OldestInMemory;
        if (sequence == long.MaxValue || sequence > OldestStored)
        {
            return false;
        }

        if (_unstored.TryPeek(out var unstored) && unstored.Sequence == sequence)
        {
            oldest = _unstored.Dequeue();
        }
        else
        {
            oldest = _pending.Dequeue().Message;
            journal.ReturnDisk(oldest.Message.StoredSize);
        }

        BytesInMemory -= oldest.Message.Size;
        return true;
    }

    /// <summary>Whether the oldest one is in the store alone.</summary>
    public bool IsOldestStored => OldestStored < OldestInMemory;

    /// <summary>The oldest ones in the store, to be read.</summary>
    /// <param name="bytes">About how many bytes they may take in memory.</param>
    public StoredCopy[] Oldest(long bytes) => _stored.Take(0, bytes);

    /// <summary>Takes one that was read, if it is the oldest one. It must be counted.</summary>
    public bool TryTakeRead(in QueuedMessage read)
    {
        if (_stored.Count == 0 || _stored.First.Sequence != read.Sequence || OldestInMemory < read.Sequence)
        {
            return false;
        }

        _stored.Remove(read.Sequence);
        journal.ReturnDisk(read.Message.StoredSize);
        CountBlocks();
        if (read.Sequence <= _rewriteUpTo)
        {
            // Its old group may be dropped: what follows about it needs it in a newer one.
            journal.PutAgain(read);
        }

        return true;
    }

    /// <summary>Takes out one of those in the store alone.</summary>
    /// <returns>False when it is none of these.</returns>
    public bool TryRemoveStored(long sequence)
    {
        if (_stored.Find(sequence) is not { } found)
        {
            return false;
        }

        _stored.Remove(sequence);
        journal.ReturnDisk(found.Size);
        CountBlocks();
        return true;
    }

    /// <summary>Takes out some of those that will be in the store alone. They stay counted.</summary>
    /// <param name="sequences">Their sequence numbers.</param>
    /// <param name="removed">Gets each of them.</param>
    public void RemovePending(HashSet<long> sequences, Action<QueuedMessage> removed)
    {
        for (var i = _pending.Count; i > 0; i--)
        {
            var pending = _pending.Dequeue();
            if (sequences.Contains(pending.Message.Sequence))
            {
                journal.ReturnDisk(pending.Message.Message.StoredSize);
                BytesInMemory -= pending.Message.Message.Size;
                removed(pending.Message);
            }
            else
            {
                _pending.Enqueue(pending);
            }
        }
    }

    /// <summary>Drops the QoS 0 messages that do not wait for a client that is away.</summary>
    public void DropForConnection(Action<QueuedMessage> dropped)
    {
        for (var i = _unstored.Count; i > 0; i--)
        {
            var queued = _unstored.Dequeue();
            if (queued.OutlivesConnection)
            {
                _unstored.Enqueue(queued);
            }
            else
            {
                BytesInMemory -= queued.Message.Size;
                dropped(queued);
            }
        }
    }

    /// <summary>Takes everything out.</summary>
    /// <returns>What is in the store alone; and what is in memory, which stays counted.</returns>
    public (StoredBacklog Stored, IReadOnlyCollection<QueuedMessage> InMemory) TakeAll()
    {
        journal.ReturnDisk(_stored.Bytes + _pending.Sum(pending => (long)pending.Message.Message.StoredSize));
        var stored = _stored;
        _stored = new StoredBacklog();
        CountBlocks();
        return (stored, [.. _pending.Select(pending => pending.Message).Concat(_unstored).OrderBy(queued => queued.Sequence)]);
    }

    /// <summary>
    /// Writes what is in memory to the store once more. The rest follows by <see cref="NextOfRewrite"/> and <see cref="PutAgain"/>.
    /// </summary>
    /// <returns>How many there are.</returns>
    public int BeginRewrite()
    {
        for (var i = _pending.Count; i > 0; i--)
        {
            var message = _pending.Dequeue().Message;
            journal.PutAgain(message);
            _pending.Enqueue((message, journal.LastPlace));
        }

        _rewriteUpTo = _stored.Count > 0 ? _stored.Last : 0;
        return _pending.Count;
    }

    /// <summary>The next ones of a rewrite, to be read.</summary>
    /// <param name="from">The lowest sequence number.</param>
    /// <param name="bytes">About how many bytes they may take in memory.</param>
    public StoredCopy[] NextOfRewrite(long from, long bytes) => NextStored(from, _rewriteUpTo, bytes);

    /// <summary>Those in the store alone from a sequence number up to another, to be read.</summary>
    /// <param name="from">The lowest.</param>
    /// <param name="upTo">The highest.</param>
    /// <param name="bytes">About how many bytes they may take in memory.</param>
    public StoredCopy[] NextStored(long from, long upTo, long bytes) =>
        [.. _stored.Take(from, bytes).TakeWhile(copy => copy.Sequence <= upTo)];

    /// <summary>Writes what was read to the store once more, but for what was taken meanwhile.</summary>
    /// <returns>Where each lies then.</returns>
    public List<(long Sequence, StoredPlace Place)> PutAgain(IReadOnlyList<QueuedMessage> read)
    {
        var places = new List<(long, StoredPlace)>();
        foreach (var message in read)
        {
            if (_stored.Find(message.Sequence) is not null)
            {
                journal.PutAgain(message);
                places.Add((message.Sequence, journal.LastPlace));
            }
        }

        return places;
    }

    /// <summary>What was written once more is durable there.</summary>
    public void Move(List<(long Sequence, StoredPlace Place)> places) =>
        places.ForEach(one => _stored.Move(one.Sequence, one.Place.Group));

    /// <summary>All of it was written once more.</summary>
    public void EndRewrite() => _rewriteUpTo = 0;

    /// <summary>Counts the memory of the index.</summary>
    private void CountBlocks()
    {
        for (; _blocks < _stored.Blocks; _blocks++)
        {
            tally.Take(StoredBacklog.BlockCost, StoredBacklog.BlockCost);
        }

        for (; _blocks > _stored.Blocks; _blocks--)
        {
            tally.Return(StoredBacklog.BlockCost, StoredBacklog.BlockCost);
        }
    }
}
