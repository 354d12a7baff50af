using System.Globalization;
using System.Reflection;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Settings.Reading;

/// <summary>Turns the text of a setting into the type of its option.</summary>
internal static class SettingValue
{
    /// <summary>Whether the type is written as one value. (Others are sections, lists, or no settings at all.)</summary>
    public static bool IsScalar(Type type) =>
        type == typeof(string) || type == typeof(bool) || type == typeof(int) || type == typeof(long) || type == typeof(double)
        || type == typeof(TimeSpan) || type.IsEnum || TryParseOf(type) is not null;

    /// <summary>Null when it can be converted; else what is wrong, as the end of a sentence that begins with the setting's name.</summary>
    public static string? Convert(string text, Type type, out object? value)
    {
        string? problem;
        (value, problem) = type switch
        {
            _ when type == typeof(string) => (text, null),
            _ when type == typeof(bool) => bool.TryParse(text, out var flag) ? (flag, null) : Not("true or false"),
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? (number, null)
                : Not("a whole number of at most 2,147,483,647"),
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? (number, null)
                : Not("a whole number"),
            _ when type == typeof(double) =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? (number, null)
                : Not("a number"),
            _ when type == typeof(TimeSpan) =>
                DurationText.TryParse(text, out var duration) ? (duration, null) : Not(DurationText.Expected),
            _ when type == typeof(LogLevel) => LogLevelText.TryParse(text, out var level)
                ? (level, null)
                : Not($"one of {string.Join(", ", LogLevelText.Words)}"),
            { IsEnum: true } => Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase)
                ? (Enum.Parse(type, text, ignoreCase: true), null)
                : Not("one of " + string.Join(", ", Enum.GetNames(type).Select(name => name.ToLowerInvariant()))),
            _ => Parse(TryParseOf(type)!),
        };
        return problem;

        (object?, string?) Not(string expected) => (null, $"{SafeText.Quote(text, 100)} is not {expected}");

        // TryParse(string, out T) or TryParse(string, out T, out string? error): the type's own message is more precise.
        (object?, string?) Parse(MethodInfo tryParse)
        {
            var arguments = new object?[tryParse.GetParameters().Length];
            arguments[0] = text;
            return (bool)tryParse.Invoke(null, arguments)!
                ? (arguments[1], null)
                : arguments.ElementAtOrDefault(2) is string error ? (null, error) : Not($"a valid {type.Name}");
        }
    }

    private static MethodInfo? TryParseOf(Type type) => type.Namespace?.StartsWith(nameof(Cassini), StringComparison.Ordinal) is true
        ? type.GetMethods(BindingFlags.Public | BindingFlags.Static).FirstOrDefault(method =>
            method.Name == "TryParse"
            && method.ReturnType == typeof(bool)
            && method.GetParameters() is [{ } input, { IsOut: true } result, ..] parameters
            && input.ParameterType == typeof(string)
            && result.ParameterType == type.MakeByRefType()
            && parameters.Skip(2).All(parameter => parameter.IsOut && parameter.ParameterType == typeof(string).MakeByRefType()))
        : null;
}
