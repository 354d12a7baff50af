using System.Globalization;
using System.Text.RegularExpressions;

namespace Cassini.Streams.Primitives;

/// <summary>Durations as people write them: <c>500ms</c>, <c>5s</c>, <c>1.5m</c>, <c>1h</c>, <c>14d</c>, or <c>[d.]hh:mm:ss</c>.</summary>
internal static partial class DurationText
{
    /// <summary>The allowed forms of a duration, as the end of an error message.</summary>
    public const string Expected = "a duration such as 500ms, 5s, 2m, 1h, 14d or hh:mm:ss";

    // Not the standard format "c": it reads 25:00:00 as 25 days.
    private static readonly string[] ClockFormats = [@"hh\:mm\:ss", @"hh\:mm\:ss\.FFFFFFF", @"d\.hh\:mm\:ss", @"d\.hh\:mm\:ss\.FFFFFFF"];

    /// <summary>
    /// Reads a duration. A bare number is refused, except 0: TimeSpan's own parser reads "5" as five days, which is never meant.
    /// </summary>
    /// <param name="text">The text; spaces around it do not matter.</param>
    /// <param name="duration">The duration, never negative; zero when the text is not a duration.</param>
    /// <returns>Whether the text is a duration.</returns>
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

    /// <summary>The exact duration, in the largest unit in which it is a whole number: <c>90s</c>, <c>14d</c>; zero is <c>0</c>.</summary>
    /// <param name="duration">Any duration; a negative one gets a minus, which <see cref="TryParse"/> does not read.</param>
    public static string Format(TimeSpan duration) => duration.Ticks switch
    {
        0 => "0",
        var ticks when ticks % TimeSpan.TicksPerDay == 0 => $"{ticks / TimeSpan.TicksPerDay}d",
        var ticks when ticks % TimeSpan.TicksPerHour == 0 => $"{ticks / TimeSpan.TicksPerHour}h",
        var ticks when ticks % TimeSpan.TicksPerMinute == 0 => $"{ticks / TimeSpan.TicksPerMinute}m",
        var ticks when ticks % TimeSpan.TicksPerSecond == 0 => $"{ticks / TimeSpan.TicksPerSecond}s",
        var ticks => string.Create(CultureInfo.InvariantCulture, $"{(decimal)ticks / TimeSpan.TicksPerMillisecond}ms"),
    };

    /// <summary>About how long it is, for people: <c>1.2 s</c>.</summary>
    /// <param name="duration">Any duration.</param>
    public static string Seconds(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#} s");

    /// <summary>
    /// About how long it is, in the one or two units that people would say: <c>0.8 ms</c>, <c>743 ms</c>, <c>6.5 s</c>,
    /// <c>1 min 5 s</c>, <c>3 h 20 min</c>, <c>2 d 4 h</c>.
    /// </summary>
    /// <param name="duration">Any duration; a negative one gets a minus.</param>
    public static string About(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
        {
            return $"-{About(duration == TimeSpan.MinValue ? TimeSpan.MaxValue : -duration)}";
        }

        // Rounded first: 59.96 s is 1 min, and not 60 s.
        var milliseconds = duration.TotalMilliseconds;
        var tenths = (long)Math.Round(milliseconds / 100);
        var seconds = (long)Math.Round(milliseconds / 1_000);
        var minutes = (long)Math.Round(duration.TotalMinutes);
        var hours = (long)Math.Round(duration.TotalHours);
        return milliseconds switch
        {
            < 9.95 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.#} ms"),
            < 999.5 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms"),
            _ when tenths < 600 => string.Create(CultureInfo.InvariantCulture, $"{tenths / 10m:0.#} s"),
            _ when seconds < 3_600 => Two(seconds, 60, "min", "s"),
            _ when minutes < 1_440 => Two(minutes, 60, "h", "min"),
            _ => Two(hours, 24, "d", "h"),
        };
    }

    /// <summary>A number of small units as large ones and the rest, which is left out when it is zero.</summary>
    private static string Two(long small, long perLarge, string large, string unit) =>
        small % perLarge == 0 ? $"{small / perLarge} {large}" : $"{small / perLarge} {large} {small % perLarge} {unit}";

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
