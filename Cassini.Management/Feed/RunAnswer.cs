using Cassini.Streams.Store.History;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Management.Feed;

/// <summary>A run of the process.</summary>
/// <param name="Epoch">The run.</param>
/// <param name="Cassini">The version of the program.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="EndedAt">When it ended, at least as far as is known; null when it has not, or when it is not known.</param>
/// <param name="End"><c>clean</c>, <c>killed</c>, <c>crashed</c> or <c>power</c>; null when it has not ended.</param>
/// <param name="Detail">The exception that ended it; null when there was none.</param>
/// <param name="LastId">Its last event on disk; null when there is none.</param>
/// <param name="IsComplete">Whether it wrote its end: if not, what happened in its last second may be missing.</param>
internal sealed record RunAnswer(
    string Epoch, string Cassini, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? End, string? Detail, string? LastId,
    bool IsComplete)
{
    public static RunAnswer Of(HistoryRun run) => new(
        run.Epoch.ToString(), run.Program, run.StartedAt, run.EndedAt, run.End is { } end ? HistoryText.Of(end) : null, run.Detail,
        run.Last > 0 ? new EventId(run.Epoch, run.Last).ToString() : null, run.IsComplete);
}
