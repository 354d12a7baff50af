using System.Collections;
using System.Globalization;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Settings;

/// <summary>How messages and docs write the value of a setting.</summary>
internal static class SettingText
{
    /// <summary>
    /// The value for people: a duration as <see cref="DurationText.Format"/> writes it, a whole number with separators, a word of an
    /// enumeration in lower case, a list with commas; empty for null. Strings are not quoted and not shortened.
    /// </summary>
    /// <param name="value">The value of a setting.</param>
    public static string Of(object? value) => value switch
    {
        null => "",
        string text => text,
        TimeSpan duration => DurationText.Format(duration),
        bool flag => flag ? "true" : "false",
        Enum word => word.ToString().ToLowerInvariant(),
        int or long => ((IFormattable)value).ToString("#,0", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(Of)),
        _ => value.ToString() ?? "",
    };
}
