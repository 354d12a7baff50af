using Microsoft.Win32.SafeHandles;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Room on the disk that is kept by a file of zeros. When the disk is full, it shrinks in steps, and what is written then takes the room.
/// Any thread.
/// </summary>
internal sealed class LedgerReserve : IDisposable
{
    /// <summary>At least so much is released at once: more than a small append needs, and little for other programs to take away.</summary>
    private const int LeastStep = 1 << 20;

    private static readonly byte[] Zeros = new byte[256 << 10];

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _file;
    private readonly long _size;
    private long _length;
    private volatile bool _isWhole;

    /// <summary>Opens it as it is; <see cref="TryFill"/> fills it.</summary>
    /// <param name="path">The full path of its file.</param>
    /// <param name="size">The bytes to keep.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public LedgerReserve(string path, long size)
    {
        _size = size;
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        _length = RandomAccess.GetLength(_file);
        if (_length > size)
        {
            RandomAccess.SetLength(_file, size);
            _length = size;
        }

        _isWhole = _length == size;
    }

    /// <summary>Takes what is missing, as far as there is room.</summary>
    /// <returns>Whether it is whole.</returns>
    public bool TryFill()
    {
        if (_isWhole)
        {
            return true;
        }

        lock (_gate)
        {
            try
            {
                while (_length < _size)
                {
                    var piece = (int)Math.Min(Zeros.Length, _size - _length);
                    RandomAccess.Write(_file, Zeros.AsSpan(0, piece), _length);
                    _length += piece;
                }
            }
            catch (IOException)
            {
                return false;
            }

            _isWhole = true;
            return true;
        }
    }

    /// <summary>Gives room back to the disk.</summary>
    /// <param name="bytes">How much is needed.</param>
    /// <returns>Whether there was any.</returns>
    public bool TryRelease(long bytes)
    {
        lock (_gate)
        {
            if (_length == 0)
            {
                return false;
            }

            try
            {
                var left = Math.Max(0, _length - Math.Max(bytes, LeastStep));
                RandomAccess.SetLength(_file, left);
                _length = left;
            }
            catch (IOException)
            {
                return false;
            }

            _isWhole = false;
            return true;
        }
    }

    public void Dispose() => _file.Dispose();
}
