using System.IO.Pipelines;

namespace Cassini.Harness.Clients;

/// <summary>
/// Gathers small writes: while one write is under way the next ones collect and then go out together, as one TLS record and one system
/// call instead of one for each packet. A writer waits when too much is under way. Closing it lets what was written go out first.
/// </summary>
internal sealed class CoalescingStream : Stream
{
    private const int MostUnderWay = 256 << 10;

    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly Stream _inner;
    private readonly TimeProvider _time;
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: MostUnderWay, resumeWriterThreshold: MostUnderWay / 2,
        minimumSegmentSize: 16 << 10, useSynchronizationContext: false));

    private readonly CancellationTokenSource _end = new();
    private int _closed;

    public CoalescingStream(Stream inner, TimeProvider time)
    {
        (_inner, _time) = (inner, time);
        Finished = Task.Run(PumpAsync);
    }

    /// <summary>Ends when everything went out, or cannot, and the stream below is closed.</summary>
    public Task Finished { get; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            if (!(await _pipe.Writer.WriteAsync(buffer, cancellationToken)).IsCompleted)
            {
                return;
            }
        }
        catch (InvalidOperationException) when (Volatile.Read(ref _closed) != 0)
        {
            // The pipe's word for a write after the end.
        }

        throw new IOException("the connection is closed");
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _inner.ReadAsync(buffer, offset, count, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => _inner.Read(buffer, offset, count);

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _pipe.Writer.Complete();
            _ = EndAsync(); // It ends with Finished, which the opener of the connection awaits.
        }

        base.Dispose(disposing);
    }

    private async Task EndAsync()
    {
        try
        {
            await Finished.WaitAsync(Linger, _time);
        }
        catch (TimeoutException)
        {
            await _end.CancelAsync();
        }
        catch (Exception) when (Finished.IsFaulted)
        {
            // Whoever awaits Finished gets it.
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                var read = await _pipe.Reader.ReadAsync(_end.Token);
                foreach (var segment in read.Buffer)
                {
                    await _inner.WriteAsync(segment, _end.Token);
                }

                _pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The reader of the connection meets the same end, and its owner learns of it there.
        }
        finally
        {
            await _pipe.Reader.CompleteAsync();
            await _inner.DisposeAsync();
        }
    }
}
