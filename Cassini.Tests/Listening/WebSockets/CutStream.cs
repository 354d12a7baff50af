using Cassini.Streams.Primitives;

namespace Cassini.Tests.Listening.WebSockets;

/// <summary>Gives bytes in pieces of these sizes, in turn, then the end; keeps what is written. Never waits.</summary>
internal sealed class CutStream(byte[] bytes, int[] cuts) : DuplexStream
{
    private int _at;
    private int _turn;

    public List<byte> Written { get; } = [];

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));

    public override int Read(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, Math.Min(cuts[_turn++ % cuts.Length], bytes.Length - _at));
        bytes.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Written.AddRange(buffer.ToArray());
        return ValueTask.CompletedTask;
    }

    public override void Write(byte[] buffer, int offset, int count) => Written.AddRange(buffer.AsSpan(offset, count).ToArray());
}
