using System.Buffers;
using System.IO.Pipelines;
using Cassini.Streams.Primitives;

namespace Cassini.Tests.Broker;

/// <summary>
/// One end of a connection in memory that behaves as a socket's stream does: a read of no bytes waits until there are some, a
/// writer waits while the other end does not read, and what continues does so on the pool.
/// </summary>
internal sealed class PipeEnd(PipeReader reader, PipeWriter writer) : DuplexStream
{
    private PipeEnd? _peer;
    private long _written;
    private long _taken;
    private volatile bool _waits;

    private long Written => Volatile.Read(ref _written);

    /// <summary>Whether it has read what the other end has written, and waits for more. While the other end writes nothing.</summary>
    public bool HasReadAll => _waits && Volatile.Read(ref _taken) == _peer!.Written;

    /// <summary>Both ends.</summary>
    /// <param name="window">Bytes that may be on their way in each direction.</param>
    public static (PipeEnd Server, PipeEnd Client) Pair(int window = 64 * 1024)
    {
        var options = new PipeOptions(pauseWriterThreshold: window, resumeWriterThreshold: window / 2, useSynchronizationContext: false);
        var (up, down) = (new Pipe(options), new Pipe(options));
        var (server, client) = (new PipeEnd(up.Reader, down.Writer), new PipeEnd(down.Reader, up.Writer));
        (server._peer, client._peer) = (client, server);
        return (server, client);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = reader.ReadAsync(cancellationToken);
        _waits = !read.IsCompleted;
        var result = await read;
        _waits = false;
        var taken = (int)Math.Min(buffer.Length, result.Buffer.Length);
        result.Buffer.Slice(0, taken).CopyTo(buffer.Span);
        reader.AdvanceTo(result.Buffer.GetPosition(taken));
        Volatile.Write(ref _taken, _taken + taken);
        return taken;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Volatile.Write(ref _written, _written + buffer.Length);
        if ((await writer.WriteAsync(buffer, cancellationToken)).IsCompleted)
        {
            throw new IOException("The other end is gone.");
        }
    }

    /// <summary>Says that nothing more comes from this end; the other may still write.</summary>
    public void CloseWriting() => writer.Complete();

    /// <summary>As when a network fails: both ends get errors.</summary>
    public void Abort()
    {
        writer.Complete(new IOException("The connection is lost."));
        reader.Complete(new IOException("The connection is lost."));
    }

    protected override void Dispose(bool disposing)
    {
        writer.Complete();
        reader.Complete();
        base.Dispose(disposing);
    }
}
