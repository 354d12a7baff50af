using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The messages of one session that are not in flight yet, oldest first; bounded by number and by bytes. Among them may be QoS 0 messages
/// that must not overtake one that waits, and retained ones. Belongs to the session's lock.
/// </summary>
internal sealed class WaitingMessages(BrokerOptions options, MemoryTally tally, BrokerCounters counters, SessionJournal journal)
{
    /// <summary>A queue that was longer gives its memory back when it is empty.</summary>
    private const int KeptCapacity = 64;

    private Queue<QueuedMessage>? _queue;
    private long _bytes;
    private int _forConnection;

    public int Count => _queue?.Count ?? 0;

    /// <summary>The bytes of the messages. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Keeps a message until it can be sent.</summary>
    /// <param name="queued">The message.</param>
    /// <param name="isConnected">
    /// Whether the client is connected: for one that is away none is kept once its identity has most of what it may have.
    /// </param>
    /// <returns>False when there is no room for it.</returns>
    public bool TryAdd(in QueuedMessage queued, bool isConnected)
    {
        if (Count >= options.MaxQueuedMessages || _bytes + queued.Message.Size > options.MaxQueuedBytes
            || (isConnected ? tally.Memory.IsOverShare : tally.Memory.IsClosedToAbsent))
        {
            return false;
        }

        Restore(queued);
        if (queued.QoS != QualityOfService.AtMostOnce)
        {
            journal.PutMessage(queued);
        }

        return true;
    }

    /// <summary>Restores a message that the store kept.</summary>
    public void Restore(in QueuedMessage queued)
    {
        queued.Hold(tally);
        Enqueue(queued);
    }

    /// <summary>Writes what the store keeps to it once more.</summary>
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

        return Count;
    }

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

    /// <summary>The oldest message. Not when there is none.</summary>
    public QueuedMessage Peek() => _queue!.Peek();

    /// <summary>Drops the messages that do not wait for a client that is away.</summary>
    public void DropForConnection()
    {
        for (var i = _forConnection == 0 ? 0 : Count; i > 0; i--)
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
    }

    /// <summary>Takes everything out.</summary>
    public IReadOnlyCollection<QueuedMessage> TakeAll()
    {
        IReadOnlyCollection<QueuedMessage> all = _queue ?? [];
        _queue = null;
        _bytes = 0;
        _forConnection = 0;
        return all;
    }

    /// <summary>Takes the oldest message. Not when there is none.</summary>
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

    private void Enqueue(in QueuedMessage queued)
    {
        _queue ??= new Queue<QueuedMessage>();
        _queue.Enqueue(queued);
        _bytes += queued.Message.Size;
        _forConnection += queued.OutlivesConnection ? 0 : 1;
    }
}
