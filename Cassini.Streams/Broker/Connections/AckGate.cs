using System.Buffers;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// The answers of one connection that wait until what they acknowledge is durable, and other nodes have it. They leave in their order
/// [MQTT-4.6.0-2], and meanwhile the connection is read on. Holds no buffer while nothing waits. Thread-safe.
/// </summary>
internal sealed class AckGate(Durability durability, Outbox outbox, AccountMemory memory) : IDurabilityWaiter
{
    /// <summary>How many bytes wait at most before nothing is read that causes more.</summary>
    private const int Most = 64 * 1024;

    private const int FirstSize = 512;

    private readonly Lock _lock = new();
    private Queue<Batch>? _full;
    private Batch _last;
    private int _bytes;
    private bool _isWaiting;
    private TaskCompletionSource? _eased;
    private int _easedBelow;

    /// <summary>Whether so much waits that nothing more should be read. Any thread.</summary>
    public bool IsFull => Volatile.Read(ref _bytes) >= Most;

    /// <summary>Ends when there is room again.</summary>
    public Task WhenRoomAsync() => WhenBelowAsync(Most / 2);

    /// <summary>Ends when nothing waits.</summary>
    public Task WhenEmptyAsync() => WhenBelowAsync(1);

    /// <summary>Sends answers when a ticket is reached, and all before them are sent.</summary>
    /// <param name="answers">The packets.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="ticket">The ticket; 0 for nothing.</param>
    /// <param name="elsewhere">What they wait for on other nodes; null for nothing.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    public void Send(ReadOnlySpan<byte> answers, int count, long ticket, AwaitList? elsewhere, FlushSet flushes)
    {
        lock (_lock)
        {
            if (_bytes == 0 && durability.IsReached(ticket) && elsewhere is not { IsReached: false })
            {
                outbox.Append(answers, flushes, count);
                return;
            }

            Keep(answers, count, ticket, elsewhere);
            if (!_isWaiting)
            {
                ReleaseLocked(flushes);
            }
        }
    }

    /// <inheritdoc/>
    public void OnDurable(FlushSet flushes)
    {
        lock (_lock)
        {
            _isWaiting = false;
            ReleaseLocked(flushes);
        }
    }

    /// <summary>Drops what waits: the connection is over.</summary>
    public void Close()
    {
        lock (_lock)
        {
            while (_bytes > 0)
            {
                var batch = TakeLocked();
                batch.Elsewhere?.Forget(this);
                Free(batch);
            }

            EaseLocked();
            durability.Forget(this);
        }
    }

    private Task WhenBelowAsync(int bytes)
    {
        lock (_lock)
        {
            if (_bytes < bytes)
            {
                return Task.CompletedTask;
            }

            _easedBelow = bytes;
            return (_eased ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Keep(ReadOnlySpan<byte> answers, int count, long ticket, AwaitList? elsewhere)
    {
        if (_last.Array is not { } array || _last.Length + answers.Length > array.Length || ticket > _last.Ticket
            || elsewhere is not null)
        {
            if (_last.Array is not null)
            {
                (_full ??= new Queue<Batch>()).Enqueue(_last);
            }

            var rented = ArrayPool<byte>.Shared.Rent(Math.Max(FirstSize, answers.Length));
            memory.Take(rented.Length);
            _last = new Batch(rented, Math.Max(ticket, _last.Ticket), elsewhere);
        }

        answers.CopyTo(_last.Array.AsSpan(_last.Length));
        _last.Length += answers.Length;
        _last.Count += count;
        _bytes += answers.Length;
    }

    private void ReleaseLocked(FlushSet flushes)
    {
        while (_bytes > 0)
        {
            var next = _full is { Count: > 0 } ? _full.Peek() : _last;
            if (durability.TryWait(next.Ticket, this) || next.Elsewhere?.TryWait(this) is true)
            {
                _isWaiting = true;
                break;
            }

            var batch = TakeLocked();
            outbox.Append(batch.Array.AsSpan(0, batch.Length), flushes, batch.Count);
            Free(batch);
        }

        EaseLocked();
    }

    private Batch TakeLocked()
    {
        if (_full is null || !_full.TryDequeue(out var first))
        {
            first = _last;
            _last = default;
        }

        _bytes -= first.Length;
        return first;
    }

    private void EaseLocked()
    {
        if (_eased is { } eased && _bytes < _easedBelow)
        {
            _eased = null;
            eased.TrySetResult();
        }
    }

    private void Free(in Batch batch)
    {
        memory.Return(batch.Array!.Length);
        ArrayPool<byte>.Shared.Return(batch.Array);
    }

    /// <summary>Answers that wait for the same, in a pooled array.</summary>
    private struct Batch(byte[] array, long ticket, AwaitList? elsewhere)
    {
        public int Length;
        public int Count;

        public readonly byte[]? Array => array;

        public readonly long Ticket => ticket;

        public readonly AwaitList? Elsewhere => elsewhere;
    }
}
