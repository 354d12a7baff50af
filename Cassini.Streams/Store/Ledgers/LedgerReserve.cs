using Microsoft.Win32.SafeHandles;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Room on the disk that is kept by a file of zeros. When the disk is full, it shrinks by a step, what is written then takes room, and the
/// file takes back the rest, so that other programs have little time to. Any thread.
/// </summary>
internal sealed class LedgerReserve : IDisposable
{
    /// <summary>At least so much is released at once: more than a small append needs.</summary>
    private const int LeastStep = 256 << 10;

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

    /// <summary>The bytes that it lacks.</summary>
    public long Missing => _size - Volatile.Read(ref _length);

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

    /// <summary>Does something; when the disk is full, again and again with more of the reserve.</summary>
    /// <param name="bytes">How much it may need.</param>
    /// <param name="action">What is done.</param>
    /// <exception cref="LedgerFullException">Nothing is left of the reserve.</exception>
    public void Run(long bytes, Action action)
    {
        var released = false;
        while (true)
        {
            try
            {
                action();
                break;
            }
            catch (LedgerFullException)
            {
                if (!TryRelease(bytes))
                {
                    TryFill();
                    throw;
                }

                released = true;
            }
        }

        if (released)
        {
            TryFill();
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
