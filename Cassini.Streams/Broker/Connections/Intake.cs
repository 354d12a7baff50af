using System.Collections.Concurrent;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// Takes messages in until the broker drains. A reader asks at the beginning of each batch, and the drain waits for the batches under
/// way: afterwards nothing is acknowledged that was not delivered or queued before. Thread-safe.
/// </summary>
internal sealed class Intake
{
    private readonly ConcurrentDictionary<ClientConnection, bool> _readers = new();
    private volatile bool _closed;
    private int _locals;

    /// <summary>Whether messages are no longer taken.</summary>
    public bool IsClosed => _closed;

    /// <summary>
    /// Whether anything is being taken in: .NET code publishes, or a reader is in the middle of a batch. A reader whose connection is to
    /// end, or has lost its session, counts too, because it still routes and acknowledges what it has read.
    /// </summary>
    public bool IsBusy => Volatile.Read(ref _locals) > 0 || _readers.Any(reader => reader.Key.IsInBatch);

    /// <summary>A reader begins to serve its client, before its first batch. Ends with <see cref="Leave"/>.</summary>
    public void Enter(ClientConnection reader) => _readers[reader] = true;

    public void Leave(ClientConnection reader) => _readers.TryRemove(reader, out _);

    /// <summary>Takes no more from now on, but for batches that have begun.</summary>
    public void Close()
    {
        _closed = true;

        // A batch either began before and is seen by IsBusy, or it begins later and sees that the intake is closed.
        Interlocked.MemoryBarrier();
    }

    /// <summary>Ends when each reader has been in no batch since the call.</summary>
    public Task WhenOutOfBatchesAsync()
    {
        // What was changed before the call is seen by batches that begin later.
        Interlocked.MemoryBarrier();
        return Task.WhenAll(_readers.Where(reader => reader.Key.IsInBatch).Select(reader => reader.Key.WhenOutOfBatchAsync()));
    }

    /// <summary>.NET code begins to publish. Ends with <see cref="LeaveLocal"/>, whatever the answer.</summary>
    /// <returns>False when nothing is taken any more.</returns>
    public bool TryEnterLocal()
    {
        Interlocked.Increment(ref _locals);
        return !_closed;
    }

    public void LeaveLocal() => Interlocked.Decrement(ref _locals);
}
