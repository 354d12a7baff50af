namespace Cassini.Streams.Health.Records;

/// <summary>Splits a stream into lines without creating a string for each.</summary>
/// <param name="stream">The bytes.</param>
internal sealed class RecordLines(Stream stream)
{
    private const int Longest = 64 * 1024 * 1024;

    private byte[] _buffer = new byte[128 * 1024];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>Whether the last line that was read had an end.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Takes a line that is already in the buffer, without its end. It is valid until the next call of any method here.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> line)
    {
        var unread = _buffer.AsSpan(_start, _end - _start);
        var length = unread.IndexOf((byte)'\n');
        IsWhole = length >= 0;
        if (length < 0 && (!_ended || unread.IsEmpty))
        {
            line = default;
            return false;
        }

        length = IsWhole ? length : unread.Length;
        line = _buffer.AsMemory(_start, length);
        _start += IsWhole ? length + 1 : length;
        return true;
    }

    /// <summary>Reads more; false at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">A line is longer than any line of a record.</exception>
    public async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (_ended)
        {
            return false;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= Longest)
            {
                throw new InvalidDataException("cannot be read: a line is longer than 64 MiB: this is no record");
            }

            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }

        // A terminal, or a pipe without input, does not react to cancellation by itself.
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation).AsTask().WaitAsync(cancellation).ConfigureAwait(false);
        _end += read;
        _ended = read == 0;
        return true;
    }
}
