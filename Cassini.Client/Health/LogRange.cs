using System.Text.Json.Serialization;

namespace Cassini.Streams.Health;

/// <summary>The range of events that the feed can still resume from.</summary>
/// <param name="OldestId">The oldest event kept in memory.</param>
/// <param name="NewestId">The newest event.</param>
public sealed record LogRange(string OldestId, string NewestId)
{
    /// <summary>
    /// What is kept on disk, of earlier runs too. The management surface sets it. Null, and left out of the JSON, when nothing is kept
    /// there, and in a snapshot that does not come from there.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HistoryRange? History { get; init; }
}
