using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cassini.Streams.Health.Records;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Where a replay stops, as people write it.</summary>
internal static class LimitText
{
    public const string Expected = "a time since the start such as 90s, a UTC time such as 2026-11-22T10:15:30Z, or the id of an event";

    private static readonly string[] Formats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    public static bool TryParse(string text, [NotNullWhen(true)] out ReplayLimit? limit)
    {
        limit = Streams.Events.EventId.TryParse(text, out var id) ? ReplayLimit.After(id)
            : DurationText.TryParse(text, out var elapsed) ? ReplayLimit.At(elapsed)
            : TryParseTime(text, out var time) ? ReplayLimit.At(time)
            : null;
        return limit is not null;
    }

    /// <summary>A UTC time, or one with its offset.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
