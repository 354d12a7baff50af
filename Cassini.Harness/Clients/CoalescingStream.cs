using System.IO.Pipelines;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Clients;

/// <summary>
/// Gathers small writes: what is written while another write is under way goes out together, as one TLS record and one system call instead
/// of one for each packet. A writer waits when too many bytes are under way. When the stream is closed, what was written goes out first.
/// </summary>
internal sealed class CoalescingStream : DuplexStream
{
    private const int MaxPendingBytes = 256 << 10;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly Stream _inner;
    private readonly TimeProvider _time;
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: MaxPendingBytes, resumeWriterThreshold: MaxPendingBytes / 2,
        minimumSegmentSize: 16 << 10, useSynchronizationContext: false));

    private readonly CancellationTokenSource _end = new();
    private int _closed;

    public CoalescingStream(Stream inner, TimeProvider time)
    {
        (_inner, _time) = (inner, time);
        Finished = Task.Run(PumpAsync);
    }

    /// <summary>Completes when everything went out, or cannot go out, and the inner stream is closed.</summary>
    public Task Finished { get; }

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
            // What the pipe throws for a write after the end.
        }

        throw new IOException("the connection is closed");
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.ReadAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => _inner.Read(buffer, offset, count);

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _pipe.Writer.Complete();
            _ = EndAsync(); // It ends with Finished, which the owner of the connection awaits.
        }

        base.Dispose(disposing);
    }

    private async Task EndAsync()
    {
        try
        {
            await Finished.WaitAsync(CloseTimeout, _time);
        }
        catch (TimeoutException)
        {
            await _end.CancelAsync();
        }
        catch (Exception) when (Finished.IsFaulted)
        {
            // The owner of the connection awaits Finished, and gets the exception there.
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
            // The reader of the connection meets the same end, and reports it.
        }
        finally
        {
            await _pipe.Reader.CompleteAsync();
            await _inner.DisposeAsync();
        }
    }
}
