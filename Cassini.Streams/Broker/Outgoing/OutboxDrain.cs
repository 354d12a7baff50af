using System.Runtime.CompilerServices;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// Writes an outbox's segments to the stream, one after another. Runs on one thread at a time and changes threads when a write does not
/// end at once, or when it has kept a thread for long enough.
/// </summary>
internal sealed class OutboxDrain(Outbox outbox, Stream stream) : IThreadPoolWorkItem
{
    /// <summary>Segments that are written on a thread that has other work.</summary>
    private const int InlineSegments = 2;

    /// <summary>Segments that are written on a pool thread before other work gets its turn.</summary>
    private const int PooledSegments = 16;

    private Action? _continue;
    private OutboxSegment _sending;
    private ValueTaskAwaiter _write;

    /// <summary>Begins on the calling thread, or on the thread pool. Never waits.</summary>
    public void Start(bool inline)
    {
        if (inline)
        {
            Drain(InlineSegments);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => Drain(PooledSegments);

    private void Drain(int atMost)
    {
        for (var sent = 0; ; sent++)
        {
            var mayWrite = sent < atMost;
            if (!outbox.HasNext(take: mayWrite, out _sending))
            {
                return;
            }

            if (!mayWrite)
            {
                Start(inline: false);
                return;
            }

            var write = Write(_sending.Written).GetAwaiter();
            if (!write.IsCompleted)
            {
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
        if (Settle(_write))
        {
            Drain(PooledSegments);
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

        return outbox.Settle(ref _sending, failure);
    }
}
