using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Tests.Broker;

/// <summary>
/// A transport that holds what it is told to hold, up to a block, and sends it only with what is written later. If the broker writes
/// nothing later, a test waits for it in vain.
/// </summary>
internal sealed class HoldingTransport(Stream inner) : DuplexStream, ITransport
{
    private const int Block = 64 * 1024;

    private readonly List<byte> _held = [];

    public bool HasUnread { get; set; }

    public AccountMemory? Memory { get; set; }

    public bool IsHolding { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_held.Count == 0 && !IsHolding)
        {
            return inner.WriteAsync(buffer, cancellationToken);
        }

        _held.AddRange(buffer.Span);
        return IsHolding && _held.Count < Block ? ValueTask.CompletedTask : ReleaseAsync(cancellationToken);
    }

    public ValueTask ReleaseAsync(CancellationToken cancellationToken)
    {
        var held = _held.ToArray();
        _held.Clear();
        return held.Length == 0 ? ValueTask.CompletedTask : inner.WriteAsync(held, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
