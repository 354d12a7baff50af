using System.Globalization;
using System.Text.Json;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Serving;

/// <summary>For machines: one JSON object on one line, with the names that .NET's own JSON log has. Durations are seconds.</summary>
internal sealed class JsonLayout : ILogLayout
{
    public string Of(LogEntry entry, IExternalScopeProvider scopes) => JsonLine.Of(json =>
    {
        json.WriteString("Timestamp", entry.Timestamp);
        json.WriteNumber("EventId", entry.Id);
        json.WriteString("LogLevel", entry.Level.ToString());
        json.WriteString("Category", entry.Category);
        json.WriteString("Message", entry.Message.Trim());
        if (entry.Exception is { } exception)
        {
            json.WriteString("Exception", exception.ToString());
        }

        if (entry.Values is { } values)
        {
            json.WriteStartObject("State");
            WriteValues(json, values);
            json.WriteEndObject();
        }

        json.WriteStartArray("Scopes");
        scopes.ForEachScope(WriteScope, json);
        json.WriteEndArray();
    }) + "\n";

    private static void WriteScope(object? scope, Utf8JsonWriter json)
    {
        if (scope is IEnumerable<KeyValuePair<string, object?>> values)
        {
            json.WriteStartObject();
            WriteValues(json, values);
            json.WriteEndObject();
        }
        else
        {
            json.WriteStringValue(scope?.ToString());
        }
    }

    private static void WriteValues(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> values)
    {
        foreach (var (name, value) in values)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case LogDuration duration: json.WriteNumberValue(duration.Value.TotalSeconds); break;
            case LogDetail detail: json.WriteStringValue(detail.Text); break;
            case TimeSpan duration: json.WriteNumberValue(duration.TotalSeconds); break;
            default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }
}
