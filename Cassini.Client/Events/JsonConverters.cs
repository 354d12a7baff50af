using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cassini.Streams.Events;

/// <summary>Writes an enum as its camelCase name, and reads nothing else.</summary>
/// <typeparam name="T">The enum.</typeparam>
internal sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;

/// <summary>Writes times as <c>2026-11-22T10:15:30.500Z</c>.</summary>
internal sealed class UtcMilliseconds : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[24];
        _ = value.UtcDateTime.TryFormat(text, out _, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text);
    }
}

/// <summary>A duration as a number of seconds, exact to the tick.</summary>
internal sealed class Seconds : JsonConverter<TimeSpan>
{
    public static decimal Of(TimeSpan time) => (decimal)time.Ticks / TimeSpan.TicksPerSecond;

    public static TimeSpan Read(ref Utf8JsonReader reader) => TimeSpan.FromTicks((long)(reader.GetDecimal() * TimeSpan.TicksPerSecond));

    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader);

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(Of(value));
}
