using System.Globalization;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Texts and times of a record, fit for a terminal.</summary>
internal static class Plain
{
    /// <summary>Safe for a terminal, because a record may come from anywhere.</summary>
    public static string Text(string? text) => SafeText.Of(text ?? "");

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary><c>2d 3h 4m 5.678s</c>, without what is zero.</summary>
    public static string Span(TimeSpan span)
    {
        string[] parts =
        [
            .. span.Days > 0 ? [Number(span.Days, "d")] : Array.Empty<string>(),
            .. span.Hours > 0 ? [Number(span.Hours, "h")] : Array.Empty<string>(),
            .. span.Minutes > 0 ? [Number(span.Minutes, "m")] : Array.Empty<string>(),
        ];
        var seconds = span.TotalSeconds % 60;
        return string.Join(' ', parts.Length > 0 && seconds < 0.0005 ? parts : [.. parts, Number(seconds, "s")]);
    }

    private static string Number(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:0.###}{unit}");
}
