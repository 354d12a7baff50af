using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Settings.Reading;

/// <summary>Turns the text of a setting into the type of its option.</summary>
internal static class SettingValue
{
    private static readonly FrozenDictionary<Type, SettingForm> Forms = new SettingForm[]
    {
        new SettingForm<string>(Text),
        Of<bool>(bool.TryParse, "true or false"),
        Of((string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
            "a whole number of at most 2,147,483,647"),
        Of((string text, out long value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
            "a whole number"),
        Of((string text, out double value) =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value),
            "a number"),
        Of<TimeSpan>(DurationText.TryParse, DurationText.Expected),
        Of<LogLevel>(LogLevelText.TryParse, $"one of {string.Join(", ", LogLevelText.Words)}"),
    }.ToFrozenDictionary(form => form.Type);

    private delegate bool TryParse<T>(string text, out T value);

    /// <summary>Whether the type is written as one value. (Others are sections, lists, or no settings at all.)</summary>
    public static bool IsScalar(Type type) => type.IsEnum || FormOf(type) is not null;

    /// <summary>How values of a type are read; null for the words of an enumeration, and for what is no value.</summary>
    public static SettingForm? FormOf(Type type) =>
        Forms.GetValueOrDefault(type) ?? type.GetCustomAttribute<SettingTextAttribute>(inherit: false)?.Form;

    /// <summary>Null when it can be converted; else what is wrong, as the end of a sentence that begins with the setting's name.</summary>
    public static string? Convert(string text, Type type, out object? value)
    {
        if (FormOf(type) is { } form)
        {
            return form.Read(text, out value);
        }

        var names = Enum.GetNames(type);
        value = names.Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse(type, text, ignoreCase: true) : null;
        return value is null ? Not(text, "one of " + string.Join(", ", names.Select(name => name.ToLowerInvariant()))) : null;
    }

    private static string? Text(string text, out string? value)
    {
        value = text;
        return null;
    }

    private static SettingForm<T> Of<T>(TryParse<T> tryParse, string expected)
        where T : struct => new((string text, out T value) => tryParse(text, out value) ? null : Not(text, expected));

    private static string Not(string text, string expected) => $"{SafeText.Quote(text, 100)} is not {expected}";
}
