using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>
/// A stream whose reader neither waits for ever nor buffers without limit: silence and an endless message each cancel
/// <see cref="Ended"/> and set a reason. For one reader.
/// </summary>
internal sealed class WatchedStream : Stream
{
    /// <summary>Longer than any message of a feed.</summary>
    private const int LongestMessage = 16 * 1024 * 1024;

    private readonly Stream _inner;
    private readonly CancellationTokenSource _ended;
    private readonly PeerDeadline _deadline;
    private long _sinceMessage;

    public WatchedStream(Stream inner, TimeProvider time, TimeSpan silence, CancellationToken cancellation)
    {
        _inner = inner;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Silence = silence;
        _deadline = new PeerDeadline(
            silence, time, () => End(new FeedLostException(FeedLoss.Silent, $"has been silent for {Silence.TotalSeconds:0.#} s")));
    }

    /// <summary>The longest time without a message. Takes effect with the next <see cref="NoteMessage"/>.</summary>
    public TimeSpan Silence { get; set; }

    /// <summary>Why the stream ended; null when it did not end itself.</summary>
    public FeedLostException? Why { get; private set; }

    public CancellationToken Ended => _ended.Token;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Records a whole message, which restarts the silence. Bytes alone do not, because a proxy may send them.</summary>
    public void NoteMessage()
    {
        _sinceMessage = 0;
        _deadline.Restart(Silence);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _sinceMessage += read;
        if (_sinceMessage > LongestMessage)
        {
            End(new FeedLostException(FeedLoss.Garbled, "sends a message without an end"));
            cancellationToken.ThrowIfCancellationRequested();
        }

        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("asynchronous only");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await _deadline.DisposeAsync().ConfigureAwait(false);
        await _inner.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private void End(FeedLostException why)
    {
        Why = why;
        _ended.Cancel();
    }
}
