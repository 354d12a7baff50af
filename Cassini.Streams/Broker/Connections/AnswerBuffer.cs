using System.Buffers;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// The answers to one batch of packets: they are sent together, after what they acknowledge was committed. Holds no buffer between
/// batches. For the connection's reader.
/// </summary>
internal sealed class AnswerBuffer
{
    private const int FirstSize = 512;

    private byte[]? _buffer;
    private int _length;

    public bool IsEmpty => _length == 0;

    /// <summary>How many answers there are.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Space for an answer of at most <paramref name="size"/> bytes; <see cref="Advance"/> says how many it took.</summary>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer is null || _buffer.Length - _length < size)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstSize, (_length + size) * 2));
            Written.CopyTo(larger);
            Return();
            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }

    public void Advance(int bytes)
    {
        _length += bytes;
        Count++;
    }

    public void Add(ReadOnlySpan<byte> answer)
    {
        answer.CopyTo(GetSpan(answer.Length));
        Advance(answer.Length);
    }

    public void Clear()
    {
        Return();
        _buffer = null;
        _length = 0;
        Count = 0;
    }

    private void Return()
    {
        if (_buffer is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
