using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cassini.Streams.Health;

/// <summary>Counts by the names of an enum's values; counts of 0 are left out.</summary>
/// <typeparam name="T">The enum.</typeparam>
internal sealed class CountsByName<T> : JsonConverter<ImmutableArray<long>>
    where T : struct, Enum
{
    private static readonly string[] Names = [.. Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    public override ImmutableArray<long> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var counts = new long[Names.Length];
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("counts are an object of numbers by name");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            var index = Array.IndexOf(Names, name);
            reader.Read();
            counts[index >= 0 ? index : throw new JsonException($"there is no '{name}' to count")] = reader.GetInt64();
        }

        return ImmutableArray.Create(counts);
    }

    public override void Write(Utf8JsonWriter writer, ImmutableArray<long> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] != 0)
            {
                writer.WriteNumber(Names[i], value[i]);
            }
        }

        writer.WriteEndObject();
    }
}
