using System.Collections;
using System.Text.Json.Nodes;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;

namespace Cassini.Web.Cli.Settings;

/// <summary>The values of settings by their descriptions, whichever record they are in.</summary>
internal static class SettingValues
{
    /// <summary>The value; null when it has none.</summary>
    public static object? Of(ServeSettings settings, SettingDescription setting)
    {
        var sections = setting.Key.Split(':')[..^1];
        return ((object[])[settings.Options, settings.Process])
            .Select(root => sections.Aggregate((object?)root, Below))
            .Where(section => section is not null && setting.Property.DeclaringType!.IsInstanceOfType(section))
            .Select(section => setting.Property.GetValue(section))
            .FirstOrDefault();
    }

    /// <summary>Whether two loads gave the setting the same value.</summary>
    public static bool AreEqual(ServeSettings one, ServeSettings other, SettingDescription setting) =>
        SettingText.Of(Of(one, setting)) == SettingText.Of(Of(other, setting));

    /// <summary>
    /// The value as JSON: numbers and truths as themselves, durations and words as settings are written. A secret is not shown.
    /// </summary>
    public static JsonNode? ToJson(object? value, SettingDescription setting) =>
        value is not null && setting.IsSecret ? JsonValue.Create("(set)") : ToJson(value);

    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        string text => JsonValue.Create(text),
        TimeSpan duration => JsonValue.Create(DurationText.Format(duration)),
        IEnumerable list => new JsonArray([.. list.Cast<object>().Select(ToJson)]),
        _ => JsonValue.Create(SettingText.Of(value)),
    };

    private static object? Below(object? section, string name) => section is IOptionsRecord record ? ValueOf(record, name) : null;

    private static object? ValueOf(IOptionsRecord record, string name) => record.GetType().GetProperty(name)?.GetValue(record);
}
