using System.Buffers;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>The items of a session that comes, out of its pieces. For one thread at a time.</summary>
/// <param name="ask">Asks for a piece until it has come.</param>
/// <param name="largest">How many bytes an item may have.</param>
internal sealed class PieceStream(Func<WantedPiece, Task<(byte[] Body, bool IsLast)>> ask, long largest)
{
    private ReadOnlyMemory<byte> _come;

    /// <summary>An item of several pieces, which grows in place; null when there is none.</summary>
    private ArrayBufferWriter<byte>? _unfinished;

    private int _next;
    private bool _isAtEnd;

    /// <summary>Takes the next item.</summary>
    /// <returns>Null at the end.</returns>
    /// <exception cref="InvalidDataException">It is none, is larger than any, or is cut off.</exception>
    public async Task<ReadOnlyMemory<byte>?> NextAsync()
    {
        while (true)
        {
            if (SessionParcel.TryTake(ref _come) is { } item)
            {
                _unfinished = null;
                return item;
            }

            if (_isAtEnd)
            {
                return _come.IsEmpty ? null : throw new InvalidDataException("the session is cut off");
            }

            if (_come.Length - SessionParcel.LengthBytes >= largest)
            {
                throw new InvalidDataException($"an item of the session has more than {largest:N0} bytes");
            }

            var (body, isLast) = await ask(new WantedPiece(_next++)).ConfigureAwait(false);
            _isAtEnd = isLast;
            Put(body);
        }
    }

    private void Put(byte[] body)
    {
        if (_come.IsEmpty)
        {
            _come = body;
            return;
        }

        if (_unfinished is null)
        {
            _unfinished = new ArrayBufferWriter<byte>();
            _unfinished.Write(_come.Span);
        }

        _unfinished.Write(body);
        _come = _unfinished.WrittenMemory;
    }
}
