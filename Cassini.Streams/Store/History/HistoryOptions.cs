using Cassini.Streams.Settings;

namespace Cassini.Streams.Store.History;

/// <summary>What is kept of the events when the process has ended: the file <c>history.db</c>.</summary>
public sealed record HistoryOptions : IOptionsRecord
{
    /// <summary>Whether events are written to disk.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// The directory of the file. Without it: <c>history</c> in the data directory. An application that hosts the broker has no data
    /// directory, so nothing is written there without it.
    /// </summary>
    [Form("directory")]
    public string? Directory { get; init; }

    /// <summary>How long an event is kept.</summary>
    [Within("1m", "3650d")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How large the file may become: the oldest events are removed then. SQLite's log beside it comes on top.</summary>
    [Within(1_048_576, 1_099_511_627_776, Unit = "bytes")]
    public long MaxBytes { get; init; } = 536_870_912;
}
