using System.Collections.Immutable;
using Cassini.Streams.Events;
using Microsoft.Data.Sqlite;

namespace Cassini.Streams.Store.History;

/// <summary>
/// The events of a time as the lines of a record: each run begins with the state that was written before its first event, and after a
/// hole there is one as soon as there can be. For one caller at a time.
/// </summary>
/// <param name="events">The events; it is closed with the record.</param>
/// <param name="states">The rows of the states, the oldest first.</param>
internal sealed class HistoryRecord(HistoryCursor events, ImmutableArray<long> states) : IAsyncDisposable
{
    private int _state;
    private bool _needsState = true;

    /// <summary>The last event that was read.</summary>
    public EventId? Last { get; private set; }

    /// <summary>Whether the lines of the run of <see cref="Last"/> began with a state, so that they can be folded.</summary>
    public bool HasState { get; private set; }

    /// <summary>The next lines, without their ends; none at the end.</summary>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<IReadOnlyList<byte[]>> NextAsync(CancellationToken cancellation)
    {
        var lines = new List<byte[]>();
        foreach (var happened in await events.NextAsync(cancellation).ConfigureAwait(false))
        {
            if (await StateBeforeAsync(happened.Id, cancellation).ConfigureAwait(false) is { } state)
            {
                lines.Add(state);
            }

            lines.Add(happened.Json);
        }

        return lines;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => events.DisposeAsync();

    /// <summary>The state to be folded on with an event; null when the one before it can be, or when there is none.</summary>
    private async Task<byte[]?> StateBeforeAsync(EventId id, CancellationToken cancellation)
    {
        var run = events.Runs.First(run => run.Epoch == id.Epoch);
        var row = run.Base + id.Sequence;
        var isNewRun = id.Epoch != Last?.Epoch;
        var least = isNewRun ? run.Base + run.Removed : run.Base + Last!.Value.Sequence;
        HasState &= !isNewRun;
        _needsState |= isNewRun || least < row - 1;
        Last = id;
        while (_state < states.Length && states[_state] < row)
        {
            _state++;
        }

        if (!_needsState || _state == 0 || states[_state - 1] < least
            || await events.StateAsync(states[_state - 1], cancellation).ConfigureAwait(false) is not { } state)
        {
            return null;
        }

        // If events are missing after it too, a later one is needed.
        _needsState = states[_state - 1] < row - 1;
        HasState = true;
        return state;
    }
}
