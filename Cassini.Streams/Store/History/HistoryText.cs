using System.Globalization;
using System.Text.Json;

namespace Cassini.Streams.Store.History;

/// <summary>How the file writes times and words: as the feed does, so that text order is the order in time.</summary>
internal static class HistoryText
{
    private const string Format = "yyyy-MM-ddTHH:mm:ss.fffZ";

    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public static string Of(Enum word) => JsonNamingPolicy.CamelCase.ConvertName(word.ToString());

    /// <summary>Reads a time; null when it is none.</summary>
    public static DateTimeOffset? TimeOf(string? text) =>
        DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    /// <summary>Reads how a run ended; null when it has not, or ended in a way that this version does not know.</summary>
    public static RunEnd? EndOf(string? text) => Enum.TryParse<RunEnd>(text, ignoreCase: true, out var end) ? end : null;
}
