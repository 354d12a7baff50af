using System.Buffers;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// Frames of QoS 1 and 2 that the peer has not acknowledged, in pooled buffers: they are sent again until it has. For the lock of its link.
/// </summary>
/// <param name="mostAgain">About how many bytes are sent again at once.</param>
internal sealed class KeptFrames(int mostAgain)
{
    private readonly Queue<Kept> _frames = new();
    private long _againFrom;

    /// <summary>Sends a frame again; false when the bus does not take it.</summary>
    public delegate bool Sender(ReadOnlySpan<byte> frame);

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _frames.Count == 0;

    /// <summary>The bytes of all.</summary>
    public long Bytes { get; private set; }

    /// <summary>When the first of them was sent last: a timestamp; null when there is none.</summary>
    public long? FirstSentAt => _frames.TryPeek(out var first) ? first.SentAt : null;

    /// <summary>Keeps a frame that is sent now.</summary>
    /// <param name="number">Its number: one more than that of the frame before.</param>
    /// <param name="frame">A pooled buffer, which is this object's from now on.</param>
    /// <param name="length">The bytes of the frame.</param>
    /// <param name="isPart">Whether the rest of its message is in the next one.</param>
    /// <param name="now">A timestamp.</param>
    public void Add(long number, byte[] frame, int length, bool isPart, long now)
    {
        _frames.Enqueue(new Kept(number, frame, length, isPart) { SentAt = now });
        Bytes += length;
    }

    /// <summary>The peer has all frames up to a number.</summary>
    public void Drop(long acknowledged)
    {
        while (_frames.TryPeek(out var first) && first.Number <= acknowledged)
        {
            Free(_frames.Dequeue());
        }
    }

    /// <summary>
    /// What is sent again begins here the next time: before that the peer has everything, though it may not acknowledge it yet.
    /// </summary>
    /// <param name="number">The number of a frame; 0 for the first.</param>
    public void GoOnFrom(long number) => _againFrom = number;

    /// <summary>
    /// Sends a piece of what is kept, and the next one the next time, round and round: the parts of a message are acknowledged all at once,
    /// so the first ones again and again would never be enough.
    /// </summary>
    public void SendAgain(Sender send, long now)
    {
        if (_frames.TryPeek(out var first))
        {
            // The next piece has its time.
            first.SentAt = now;
        }

        var left = mostAgain;
        foreach (var kept in _frames)
        {
            if (kept.Number < _againFrom)
            {
                continue;
            }

            if (left <= 0 || !send(kept.Frame.AsSpan(0, kept.Length)))
            {
                _againFrom = kept.Number;
                return;
            }

            kept.SentAt = now;
            left -= kept.Length;
        }

        _againFrom = 0;
    }

    /// <summary>Gives up all.</summary>
    /// <param name="left">Gets the number of each frame, with the parts before it, and what it carries without its header.</param>
    public void GiveUp(Action<long, ReadOnlyMemory<byte>> left)
    {
        var parts = new ArrayBufferWriter<byte>();
        while (_frames.TryDequeue(out var kept))
        {
            if (kept.IsPart || parts.WrittenCount > 0)
            {
                parts.Write(kept.Body.Span);
            }

            if (!kept.IsPart)
            {
                left(kept.Number, parts.WrittenCount > 0 ? parts.WrittenMemory : kept.Body);
                parts.ResetWrittenCount();
            }

            Free(kept);
        }
    }

    private void Free(Kept kept)
    {
        Bytes -= kept.Length;
        ArrayPool<byte>.Shared.Return(kept.Frame);
    }

    private sealed class Kept(long number, byte[] frame, int length, bool isPart)
    {
        /// <summary>Whether the rest of its message is in the next one.</summary>
        public bool IsPart => isPart;

        /// <summary>What it carries.</summary>
        public ReadOnlyMemory<byte> Body => frame.AsMemory(FrameHeader.Size, length - FrameHeader.Size);

        public long Number => number;

        public byte[] Frame => frame;

        public int Length => length;

        public long SentAt { get; set; }
    }
}
