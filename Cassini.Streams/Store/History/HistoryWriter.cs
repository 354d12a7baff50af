using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store.History;

/// <summary>
/// Writes the events of a run, on a thread of its own, in at most one transaction a second. The hub's log is its queue: it is only a
/// position there, so it cannot delay a publisher, and when it falls behind by more than the log holds, it gets a gap. What fails is tried
/// again after a growing pause, and harms nothing else.
/// </summary>
internal sealed class HistoryWriter : IAsyncDisposable
{
    /// <summary>The pause after each transaction.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long the end waits for the last transaction.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How far apart states are written: a replay of a part of the history begins at one.</summary>
    public static readonly TimeSpan StateInterval = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly EventHub _hub;
    private readonly Func<HistoryState> _stateOf;
    private readonly string _path;
    private readonly Func<IHistoryFile> _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventCursor _cursor;
    private readonly List<EventEnvelope> _batch = [];
    private readonly BackOff _retries = new(Interval, LongestRetry);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Not disposed: it has no timer and no parent.
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _loop;
    private IHistoryFile? _file;
    private HistoryState? _state;
    private long _stateAt;
    private bool _isNewFile;
    private volatile Exception? _damage;
    private volatile HistoryStatus _status = new();

    /// <summary>Begins with the first event that the hub still has.</summary>
    /// <param name="hub">The events.</param>
    /// <param name="state">Gives the state that includes the events so far.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="logger">Where failures are logged.</param>
    public HistoryWriter(
        EventHub hub, Func<HistoryState> state, string path, Func<IHistoryFile> open, TimeProvider time, ILogger logger)
    {
        (_hub, _stateOf, _path, _open, _time, _logger) = (hub, state, path, open, time, logger);

        // Before the first event, so that the whole run can be replayed.
        TakeState();
        _cursor = hub.Log.OpenCursor(hub.Log.Oldest - 1, hub.Log.Capacity);
        _loop = OwnThread.RunAsync("cassini history", RunAsync);
    }

    /// <summary>Completes when the first attempt to open the file has ended, well or not.</summary>
    public Task Opened => _opened.Task;

    /// <summary>What it does at present. Any thread.</summary>
    public HistoryStatus Status => _status;

    /// <summary>A reader found the file damaged: it is put aside before the next events are written. Any thread.</summary>
    public void Distrust(Exception damage) => _damage = damage;

    /// <summary>After the hub has completed: writes the last events and the end of the run, unless that takes too long.</summary>
    public async ValueTask DisposeAsync()
    {
        var cancelling = _ending.CancelAsync();
        await cancelling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _loop.WaitAsync(Patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_loop.IsCompleted)
        {
            HistoryLog.Left(_logger, Patience);
        }
    }

    private async Task RunAsync()
    {
        using (_cursor)
        {
            TryOpen();
            _opened.TrySetResult();
            var isWorking = _file is not null;
            while (!_cursor.IsCompleted || _batch.Count > 0)
            {
                if (_batch.Count == 0)
                {
                    await _cursor.WaitAsync();
                }

                // Whatever came in the pause is written at once with what came before it.
                await PauseAsync(isWorking ? Interval : _retries.Next());
                Take();
                isWorking = TryWrite();
                if (!isWorking && _ending.IsCancellationRequested)
                {
                    break;
                }
            }

            End();
        }
    }

    private async Task PauseAsync(TimeSpan pause) => await Task.Delay(pause, _time, _ending.Token)
        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    private void Take()
    {
        while (_batch.Count < _hub.Log.Capacity && _cursor.TryRead(out var delivery))
        {
            if (delivery.Envelope is { } envelope)
            {
                _batch.Add(envelope);
            }
            else
            {
                var (from, to) = delivery.Gap;
                _status = _status with { Lost = _status.Lost + to - from + 1 };
                HistoryLog.Lost(_logger, to - from + 1, from, to);
                TakeState();
            }
        }

        if (_isNewFile || _time.GetElapsedTime(_stateAt) >= StateInterval)
        {
            TakeState();
        }
    }

    private void TakeState()
    {
        _stateAt = _time.GetTimestamp();
        _isNewFile = false;
        try
        {
            _state = _stateOf();
        }
        catch (Exception failure)
        {
            HistoryLog.StateFailed(_logger, failure);
        }
    }

    /// <returns>Whether nothing is left to be written.</returns>
    private bool TryWrite()
    {
        if (_batch.Count == 0)
        {
            return _file is not null;
        }

        if (!TryOpen())
        {
            return false;
        }

        try
        {
            if (_damage is { } damage)
            {
                _damage = null;
                _file!.PutAside();
                throw new HistoryUnusableException(HistoryUnusableException.Damaged, $"is damaged: {damage.Message}", damage);
            }

            var totals = _file!.Append(_batch, _state, _time.GetUtcNow());
            _state = null;
            var isRecovery = _status.Problem is not null;
            _status = _status with
            {
                Problem = null,
                OldestId = totals.OldestId,
                OldestTime = totals.OldestTime,
                Bytes = totals.Bytes,
                Written = _batch[^1].Sequence,
            };
            _batch.Clear();
            _retries.Reset();
            if (isRecovery)
            {
                HistoryLog.Recovered(_logger, _path);
            }

            return true;
        }
        catch (Exception failure)
        {
            GiveUp(failure);
            return false;
        }
    }

    private bool TryOpen()
    {
        try
        {
            _file ??= _open();
            return true;
        }
        catch (Exception failure)
        {
            GiveUp(failure);
            return false;
        }
    }

    /// <summary>For a while: the next attempt opens the file anew. The batch is kept for it.</summary>
    private void GiveUp(Exception failure)
    {
        CloseFile();

        // A replay of the file that is made then begins with a state of its own.
        _isNewFile |= failure is HistoryUnusableException or HistoryMovedException;
        var problem = failure is HistoryUnusableException ? $"{_path} {failure.Message}" : SafeText.Line(failure.Message);
        var isNews = _status.Problem != problem;
        _status = _status with { Problem = problem, Failures = _status.Failures + 1 };
        if (failure is HistoryUnusableException unusable)
        {
            HistoryLog.PutAside(_logger, _path, unusable.Message, _path + unusable.Suffix);
        }
        else if (isNews)
        {
            // That somebody else has it, or moved it, needs no stack.
            HistoryLog.GaveUp(
                _logger, problem, LongestRetry, failure is HistoryInUseException or HistoryMovedException ? null : failure);
        }
    }

    private void End()
    {
        try
        {
            if (_batch.Count == 0)
            {
                _file?.EndRun(_hub.Log.Newest, _time.GetUtcNow());
            }
        }
        catch (Exception failure)
        {
            GiveUp(failure);
        }

        CloseFile();
    }

    private void CloseFile()
    {
        var file = _file;
        _file = null;
        try
        {
            file?.Dispose();
        }
        catch (Exception failure)
        {
            HistoryLog.CloseFailed(_logger, _path, failure);
        }
    }
}
