using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Events;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>
/// A reader's position in the file. It reads page by page, so that it holds little memory, and holds no transaction between two pages, so
/// that the file's log can be emptied. For one caller at a time.
/// </summary>
internal sealed class HistoryCursor : IAsyncDisposable
{
    /// <summary>The most events of a page.</summary>
    public const int PageSize = 500;

    private readonly SqliteConnection _connection;
    private readonly HistoryReading _reading;
    private readonly long _through;
    private readonly string _since;
    private readonly string _until;
    private long _row;

    /// <summary>Reads the rows after one up to another.</summary>
    /// <param name="connection">Its own: it is closed with the cursor.</param>
    /// <param name="reading">What it shares with others.</param>
    /// <param name="runs">The runs that are read.</param>
    /// <param name="row">The row before the first.</param>
    /// <param name="through">The last row.</param>
    /// <param name="since">Only events of this time or later, as text; null for all.</param>
    /// <param name="until">Only events before this time, as text; null for all.</param>
    public HistoryCursor(
        SqliteConnection connection, HistoryReading reading, ImmutableArray<HistoryRun> runs,
        long row, long through, string? since = null, string? until = null)
    {
        (_connection, _reading, _row, _through) = (connection, reading, row, through);
        (_since, _until) = (since ?? "", until ?? "~");
        Runs = runs;
    }

    /// <summary>The runs that are read, the oldest first.</summary>
    public ImmutableArray<HistoryRun> Runs { get; }

    /// <summary>The next events; none at the end.</summary>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<IReadOnlyList<HistoryEvent>> NextAsync(CancellationToken cancellation) =>
        await ReadAsync(Next, cancellation).ConfigureAwait(false);

    /// <summary>The state of a row, as the first line of a record; null when it has been removed.</summary>
    /// <inheritdoc cref="NextAsync"/>
    public Task<byte[]?> StateAsync(long row, CancellationToken cancellation) => ReadAsync(
        () =>
        {
            using var command = _connection.Command("SELECT json FROM states WHERE row = @row", ("@row", row));
            return command.ExecuteScalar() is string json ? Encoding.UTF8.GetBytes(json) : null;
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<T> ReadAsync<T>(Func<T> read, CancellationToken cancellation)
    {
        await _reading.Turns.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(read, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SqliteException failure)
        {
            _reading.Failed(failure);
            throw;
        }
        finally
        {
            _reading.Turns.Release();
        }
    }

    private List<HistoryEvent> Next()
    {
        var page = new List<HistoryEvent>();
        using var command = _connection.Command(
            """
            SELECT row, epoch, sequence, type, category, json FROM events
            WHERE row > @row AND row <= @through AND time >= @since AND time < @until
            ORDER BY row LIMIT @limit
            """,
            ("@row", _row), ("@through", _through), ("@since", _since), ("@until", _until), ("@limit", PageSize));
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            _row = reader.GetInt64(0);
            if (Epoch.TryParse(reader.GetString(1), out var epoch))
            {
                page.Add(new HistoryEvent(
                    new EventId(epoch, reader.GetInt64(2)), reader.GetString(3), reader.GetString(4),
                    Encoding.UTF8.GetBytes(reader.GetString(5))));
            }
        }

        return page;
    }
}
