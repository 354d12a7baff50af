using System.Runtime.CompilerServices;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// Writes an outbox's segments to the stream, one after another. Runs on one thread at a time and changes threads when a write does not
/// end at once, or when it has kept a thread for long enough. On threads of the pool, what is sent to a busy identity is sent in its turn.
/// </summary>
internal sealed class OutboxDrain(Outbox outbox, Stream stream, Account account, IdentityWork work, TimeProvider time) : IThreadPoolWorkItem
{
    /// <summary>Bytes that are written on a thread that has other work.</summary>
    private const int InlineBytes = 2 * OutboxBuffer.FullSegment;

    /// <summary>Bytes that are written on a pool thread before other work gets its turn.</summary>
    private const int PooledBytes = 16 * OutboxBuffer.FullSegment;

    /// <summary>The most that is written at once: the payload of a large message takes several writes.</summary>
    private const int LargestWrite = 4 * OutboxBuffer.FullSegment;

    /// <summary>No timestamp.</summary>
    private const long Never = long.MinValue;

    private Action? _continue;
    private Action? _piece;
    private OutboxSegment _sending;
    private int _sent;
    private bool _moreFollows;
    private ValueTaskAwaiter _write;
    private bool _hasWritten;
    private long _writingSince = Never;

    /// <summary>How long the write under way has not ended; null when none is. Any thread.</summary>
    public TimeSpan? Stalled => Volatile.Read(ref _writingSince) is var since and not Never ? time.GetElapsedTime(since) : null;

    /// <summary>Begins on the calling thread, or on the thread pool. Never waits.</summary>
    public void Start(bool inline)
    {
        if (inline)
        {
            DrainCounted(InlineBytes);
        }
        else if (work.IsBusy(account))
        {
            work.Queue(account, _piece ??= () => Drain(PooledBytes));
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => DrainCounted(PooledBytes);

    private void DrainCounted(int atMost)
    {
        using (work.Begin(account, isInTurn: false))
        {
            Drain(atMost);
        }
    }

    private void Drain(int atMost)
    {
        if (_hasWritten)
        {
            _hasWritten = false;
            Volatile.Write(ref _writingSince, Never);
            if (!Settle(_write))
            {
                return;
            }
        }

        while (true)
        {
            var mayWrite = atMost > 0;
            if (_sending.Length == 0 && !outbox.HasNext(take: mayWrite, out _sending, out _moreFollows))
            {
                return;
            }

            if (!mayWrite)
            {
                Start(inline: false);
                return;
            }

            // The rest of a large message may have waited for this thread while the connection was closed.
            if (_sent > 0 && outbox.IsClosed)
            {
                _sent = 0;
                outbox.Settle(ref _sending, new OperationCanceledException("the connection ends"));
                return;
            }

            var next = _sending.Written[_sent..Math.Min(_sending.Length, _sent + LargestWrite)];
            _sent += next.Length;

            // A short one costs about as much as a full record.
            atMost -= Math.Max(next.Length, OutboxBuffer.FullSegment);
            Announce(moreFollows: atMost > 0 && (_moreFollows || _sent < _sending.Length));
            var write = Write(next).GetAwaiter();
            if (!write.IsCompleted)
            {
                // A write that ends at once, as most do, needs no time.
                Volatile.Write(ref _writingSince, time.GetTimestamp());
                _write = write;
                write.UnsafeOnCompleted(_continue ??= Continue);
                return;
            }

            if (!Settle(write))
            {
                return;
            }
        }
    }

    private void Continue()
    {
        _hasWritten = true;
        if (work.IsBusy(account) || SocketThread.IsCurrent)
        {
            Start(inline: false);
        }
        else
        {
            DrainCounted(PooledBytes);
        }
    }

    /// <summary>Tells a connection whether another write follows the next one at once.</summary>
    private void Announce(bool moreFollows)
    {
        if (stream is ConnectionStream connection)
        {
            connection.MoreFollows = moreFollows;
        }
    }

    /// <summary>A stream that throws at once must not harm the thread: it fails like one that throws later.</summary>
    private ValueTask Write(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return stream.WriteAsync(bytes);
        }
        catch (Exception failure)
        {
            return ValueTask.FromException(failure);
        }
    }

    private bool Settle(ValueTaskAwaiter write)
    {
        Exception? failure = null;
        try
        {
            write.GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (failure is null && _sent < _sending.Length)
        {
            return true;
        }

        _sent = 0;
        return outbox.Settle(ref _sending, failure);
    }
}
