using Cassini.Harness.Clients;

namespace Cassini.Web.Cli.Messaging;

/// <summary>
/// Reads the lines of a stream as the bytes that they are: they need not be text. LF or CR LF ends a line, and belongs to none.
/// One caller at a time.
/// </summary>
internal sealed class LineBytes(Stream input)
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';

    /// <summary>The most that a packet can have [MQTT 5.0 §2.1.4].</summary>
    private const int Longest = 268_435_455;

    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>The next line; null at the end. Blocks until the line has come.</summary>
    /// <exception cref="ClientException">A line is too long for any message, or the stream cannot be read.</exception>
    public ReadOnlyMemory<byte>? Next()
    {
        var searched = _start;
        while (true)
        {
            var found = _buffer.AsSpan(searched.._end).IndexOf(LineFeed);
            if (found >= 0)
            {
                return Take(searched + found, searched + found + 1);
            }

            searched = _end - _start;
            if (!Fill())
            {
                return _start == _end ? default(ReadOnlyMemory<byte>?) : Take(_end, _end);
            }
        }
    }

    /// <summary>A copy, because a message outlives the buffer.</summary>
    private ReadOnlyMemory<byte> Take(int end, int next)
    {
        var line = _buffer.AsSpan(_start..end);
        _start = next;
        return (next > end && line is [.., CarriageReturn] ? line[..^1] : line).ToArray();
    }

    /// <summary>Reads more of the line, which then begins at the start of the buffer; false at the end of the stream.</summary>
    private bool Fill()
    {
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            if (_end >= Longest)
            {
                throw new ClientException("--stdin-lines: a line is longer than a message can be", isLasting: true);
            }

            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, Longest));
        }

        try
        {
            var read = input.Read(_buffer.AsSpan(_end..));
            _end += read;
            return read > 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ClientException($"standard input cannot be read: {failure.Message}", isLasting: true, failure);
        }
    }
}
