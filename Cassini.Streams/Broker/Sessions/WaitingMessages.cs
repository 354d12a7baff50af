using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>
/// The messages of one session that are not in flight yet, oldest first; bounded by number and by bytes. Belongs to the session's lock.
/// </summary>
internal sealed class WaitingMessages(BrokerOptions options)
{
    /// <summary>A queue that was longer gives its memory back when it is empty.</summary>
    private const int KeptCapacity = 64;

    private Queue<QueuedMessage>? _queue;
    private long _bytes;

    public int Count => _queue?.Count ?? 0;

    /// <summary>The bytes of the messages. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether there is room for one more message.</summary>
    public bool HasRoomFor(StoredMessage message) => Count < options.MaxQueuedMessages && _bytes + message.Size <= options.MaxQueuedBytes;

    public void Enqueue(in QueuedMessage queued)
    {
        _queue ??= new Queue<QueuedMessage>();
        _queue.Enqueue(queued);
        _bytes += queued.Message.Size;
    }

    /// <summary>Takes everything out.</summary>
    public IReadOnlyCollection<QueuedMessage> TakeAll()
    {
        IReadOnlyCollection<QueuedMessage> all = _queue ?? [];
        _queue = null;
        _bytes = 0;
        return all;
    }

    /// <summary>Takes the oldest message. Not when there is none.</summary>
    public QueuedMessage Dequeue()
    {
        var queued = _queue!.Dequeue();
        _bytes -= queued.Message.Size;
        if (_queue is { Count: 0, Capacity: > KeptCapacity })
        {
            _queue = null;
        }

        return queued;
    }
}
