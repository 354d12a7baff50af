namespace Cassini.Streams.Health;

/// <summary>The events on disk, and how long they are kept there.</summary>
/// <param name="OldestId">The oldest event; null when there is none.</param>
/// <param name="OldestTime">Its time, UTC; null when there is none.</param>
/// <param name="MaxAgeSeconds">How long an event is kept, in seconds: <c>History:MaxAge</c>.</param>
/// <param name="MaxBytes">How large the file may become: <c>History:MaxBytes</c>.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="Lost">Events of this run that are not there, because they were not written in time.</param>
/// <param name="Problem">Why nothing is written at present, for people; null when all is well.</param>
public sealed record HistoryRange(
    string? OldestId, DateTimeOffset? OldestTime, double MaxAgeSeconds, long MaxBytes, long Bytes, long Lost, string? Problem);
