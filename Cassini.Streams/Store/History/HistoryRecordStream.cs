using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>A record from the history as a stream of lines, read as it is needed. Closes the record. For one caller at a time.</summary>
internal sealed class HistoryRecordStream(HistoryRecord record) : Stream
{
    private readonly MemoryStream _page = new();
    private bool _isDisposed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The history is damaged, or another program keeps it from being read.</exception>
    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_page.Position == _page.Length)
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        return _page.Read(buffer.Span);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported, because the file is read on another thread.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await record.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        _page.SetLength(0);
        try
        {
            foreach (var line in await record.NextAsync(cancellation).ConfigureAwait(false))
            {
                _page.Write(line);
                _page.WriteByte((byte)'\n');
            }
        }
        catch (SqliteException failure)
        {
            throw new InvalidDataException(HistoryArchive.ProblemOf(failure), failure);
        }

        _page.Position = 0;
    }
}
