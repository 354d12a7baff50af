using System.Globalization;
using System.Text.RegularExpressions;

namespace Cassini.Streams.Primitives;

/// <summary>Durations as people write them: <c>500ms</c>, <c>5s</c>, <c>1.5m</c>, <c>1h</c>, <c>14d</c>, or <c>[d.]hh:mm:ss</c>.</summary>
internal static partial class DurationText
{
    public const string Expected = "a duration such as 500ms, 5s, 2m, 1h, 14d or hh:mm:ss";

    // Not the standard format "c": it reads 25:00:00 as 25 days.
    private static readonly string[] ClockFormats = [@"hh\:mm\:ss", @"hh\:mm\:ss\.FFFFFFF", @"d\.hh\:mm\:ss", @"d\.hh\:mm\:ss\.FFFFFFF"];

    /// <summary>
    /// A bare number is refused but for 0: TimeSpan's own parser reads "5" as five days, and nobody means that.
    /// </summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        text = text.Trim();
        if (text == "0")
        {
            return true;
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParseExact(text, ClockFormats, CultureInfo.InvariantCulture, out duration);
        }

        if (Unit().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var ticks = decimal.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) * TicksPer(match.Groups["unit"].Value);
        if (ticks > TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The shortest way to write it for people: <c>1.2 s</c>.</summary>
    public static string Seconds(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#} s");

    private static long TicksPer(string unit) => unit switch
    {
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        _ => TimeSpan.TicksPerDay,
    };

    // At most 12 digits before and 7 after the point: no product of them leaves the range of decimal.
    [GeneratedRegex(@"^(?<number>[0-9]{1,12}(\.[0-9]{1,7})?)\s?(?<unit>ms|s|m|h|d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Unit();
}
