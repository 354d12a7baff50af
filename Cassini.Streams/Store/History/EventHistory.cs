using System.Collections.Immutable;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Streams.Store.History;

/// <summary>The history of a host: its writer, and everything that reads it meanwhile.</summary>
internal sealed class EventHistory : IEventHistory, IAsyncDisposable
{
    /// <summary>How long a reader waits for the file to be opened after the start.</summary>
    private static readonly TimeSpan LongestOpening = TimeSpan.FromSeconds(2);

    // Readers must leave the disk and the thread pool to others.
    private readonly SemaphoreSlim _turns = new(2);
    private volatile string? _readProblem;
    private readonly string _path;
    private readonly HistoryRun _run;
    private readonly HistoryWriter _writer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _report;

    private EventHistory(
        EventHub hub, Func<HistoryState> state, HistoryOptions options, string program, TimeProvider time, ILogger logger)
    {
        (Options, _time, _logger) = (options, time, logger);
        _path = Path.Combine(Path.GetFullPath(options.Directory!), HistoryConnection.FileName);
        _run = new HistoryRun(hub.Epoch, hub.StartedAt, program);
        _writer = new HistoryWriter(hub, state, _path, () => HistoryFile.Open(_path, options, _run), time, logger);
        AppDomain.CurrentDomain.UnhandledException += NoteCrash;
        _report = ReportEndBeforeAsync();
    }

    /// <inheritdoc/>
    public HistoryOptions Options { get; }

    /// <inheritdoc/>
    public HistoryStatus Status => _writer.Status;

    /// <summary>Begins to write the events of a hub; null when it is switched off, or has no directory.</summary>
    /// <param name="hub">The events.</param>
    /// <param name="state">Gives the state of health that includes the events so far: called at once, and by the writer's thread.</param>
    /// <param name="options">Where, and how much.</param>
    /// <param name="program">The version of the program.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="logger">Where failures are logged.</param>
    public static EventHistory? Start(
        EventHub hub, Func<HistoryState> state, HistoryOptions options, string program, TimeProvider time, ILogger logger) =>
        options.Enabled && !string.IsNullOrEmpty(options.Directory)
            ? new EventHistory(hub, state, options, program, time, logger)
            : null;

    /// <inheritdoc/>
    public Task<ImmutableArray<HistoryRun>?> RunsAsync(int most, CancellationToken cancellation) => AskAsync<ImmutableArray<HistoryRun>?>(
        connection =>
        {
            using (connection)
            {
                return HistoryReader.Runs(connection, most);
            }
        },
        cancellation);

    /// <inheritdoc/>
    public async Task<HistoryResume> ResumeAsync(EventId after, long oldest, CancellationToken cancellation) => await AskAsync(
        connection =>
        {
            var resume = HistoryReader.Resume(connection, Reading, after, _run.Epoch, oldest);
            if (resume.Events is null)
            {
                connection.Dispose();
            }

            return resume;
        },
        cancellation).ConfigureAwait(false) ?? new HistoryResume(HistoryAnswer.UnknownRun);

    /// <inheritdoc/>
    public Task<HistoryCursor?> ReadAsync(DateTimeOffset? since, DateTimeOffset? until, CancellationToken cancellation) =>
        AskAsync(connection => HistoryReader.Between(connection, Reading, since, until), cancellation)!;

    /// <inheritdoc/>
    public Task<HistoryRecord?> RecordAsync(DateTimeOffset? since, DateTimeOffset? until, CancellationToken cancellation) =>
        AskAsync(connection => HistoryReader.Record(connection, Reading, since, until), cancellation)!;

    /// <summary>After the hub has completed: writes the end of the run.</summary>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.UnhandledException -= NoteCrash;
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _report.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Nothing runs after this: it may take a moment, and must not throw.</summary>
    internal void NoteCrash(object sender, UnhandledExceptionEventArgs crash)
    {
        try
        {
            var detail = crash.ExceptionObject is Exception failure ? $"{failure.GetType().Name}: {failure.Message}" : "";
            HistoryFile.NoteCrash(_path, _run.Epoch, SafeText.Line(detail), _time.GetUtcNow());
        }
        catch (Exception failure)
        {
            HistoryLog.CloseFailed(_logger, _path, failure);
        }
    }

    /// <summary>Asks on the thread pool, in turn; default when the file cannot be read.</summary>
    private async Task<T?> AskAsync<T>(Func<SqliteConnection, T> ask, CancellationToken cancellation)
    {
        await _writer.Opened.WaitAsync(LongestOpening, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _turns.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var answer = await Task.Run(() => AskOnce(ask), CancellationToken.None).ConfigureAwait(false);
            _readProblem = null;
            return answer;
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            NoteFailedRead(failure);
            return default;
        }
        finally
        {
            _turns.Release();
        }
    }

    private HistoryReading Reading => new(_turns, NoteFailedRead);

    /// <summary>While it is not written, the writer has said why. The same failure again is no news: anybody may ask often.</summary>
    private void NoteFailedRead(Exception failure)
    {
        if (_writer.Status.Problem is null && _readProblem != failure.Message)
        {
            _readProblem = failure.Message;
            HistoryLog.ReadFailed(_logger, failure);
        }

        if (failure is SqliteException damage && HistoryConnection.IsDamage(damage))
        {
            _writer.Distrust(damage);
        }
    }

    private T AskOnce<T>(Func<SqliteConnection, T> ask)
    {
        var connection = HistoryConnection.OpenToRead(_path);
        try
        {
            return ask(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private async Task ReportEndBeforeAsync()
    {
        var runs = await RunsAsync(2, CancellationToken.None).ConfigureAwait(false);
        if (runs?.LastOrDefault(run => run.Epoch != _run.Epoch) is { End: { } end and not RunEnd.Clean } before)
        {
            HistoryLog.EndedBefore(
                _logger, before.Epoch.ToString(), HistoryText.Of(end), before.EndedAt is { } at ? HistoryText.Of(at) : "an unknown time");
        }
    }
}
