using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Records;

/// <summary>Seconds, exact to the tick, within the range that the fold can add; null means never.</summary>
internal sealed class StateSeconds : JsonConverter<TimeSpan>
{
    private static readonly TimeSpan Most = TimeSpan.FromDays(8_000_000);

    public override bool HandleNull => true;

    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return TimeSpan.MaxValue;
        }

        var time = Seconds.Read(ref reader);
        return time.Duration() <= Most ? time : throw new JsonException("a time is longer than 8,000,000 days");
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options)
    {
        if (value == TimeSpan.MaxValue)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteNumberValue(Seconds.Of(value));
        }
    }
}

/// <summary>A sliding counter as its buckets, <c>[first, newest, good, bad]</c> each. Its window is the policy's.</summary>
internal sealed class CounterBuckets : JsonConverter<SlidingCounter>
{
    public override SlidingCounter Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var seconds = (JsonConverter<TimeSpan>)options.GetTypeInfo(typeof(TimeSpan)).Converter;
        var buckets = new List<SlidingCounter.Bucket>();
        var last = TimeSpan.MinValue;
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            var bucket = new SlidingCounter.Bucket(Time(ref reader), Time(ref reader), Count(ref reader), Count(ref reader));
            reader.Read();
            Expect(ref reader, JsonTokenType.EndArray);
            if (bucket.First < last || bucket.Newest < bucket.First || bucket.Count <= 0)
            {
                throw new JsonException("a window's buckets must be in order, and none may be empty");
            }

            last = bucket.Newest;
            buckets.Add(bucket);
        }

        Expect(ref reader, JsonTokenType.EndArray);
        return SlidingCounter.Restore(TimeSpan.MaxValue, buckets);

        TimeSpan Time(ref Utf8JsonReader reader)
        {
            reader.Read();
            return seconds.Read(ref reader, typeof(TimeSpan), options);
        }

        static long Count(ref Utf8JsonReader reader)
        {
            reader.Read();
            var count = reader.GetInt64();
            return count is >= 0 and <= int.MaxValue
                ? count
                : throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"the count {count} is outside 0 to 2,147,483,647"));
        }
    }

    public override void Write(Utf8JsonWriter writer, SlidingCounter value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var bucket in value.Buckets)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(Seconds.Of(bucket.First));
            writer.WriteNumberValue(Seconds.Of(bucket.Newest));
            writer.WriteNumberValue(bucket.Good);
            writer.WriteNumberValue(bucket.Bad);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (reader.TokenType != token)
        {
            throw new JsonException("a window is a list of [first, newest, good, bad]");
        }
    }
}

/// <summary>Components and the sequences of their events, in the order of the events.</summary>
internal sealed class ComponentCauses : JsonConverter<ImmutableDictionary<Component, long>>
{
    public override ImmutableDictionary<Component, long> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var entries = JsonSerializer.Deserialize(ref reader, Entries(options));
        return entries.ToImmutableDictionary(entry => new Component(entry.Kind, entry.Name), entry => entry.Cause);
    }

    public override void Write(Utf8JsonWriter writer, ImmutableDictionary<Component, long> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(
            writer,
            [.. value.OrderBy(entry => entry.Value).Select(entry => new ComponentCause(entry.Key.Kind, entry.Key.Name, entry.Value))],
            Entries(options));

    private static JsonTypeInfo<ImmutableArray<ComponentCause>> Entries(JsonSerializerOptions options) =>
        (JsonTypeInfo<ImmutableArray<ComponentCause>>)options.GetTypeInfo(typeof(ImmutableArray<ComponentCause>));
}

/// <summary>A component and the sequence of one of its events.</summary>
internal sealed record ComponentCause(ComponentKind Kind, string Name, long Cause);

/// <summary>Names in ordinal order.</summary>
internal sealed class SortedNames : JsonConverter<ImmutableSortedSet<string>>
{
    public override ImmutableSortedSet<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(ref reader, Names(options))
            .Select(name => name ?? throw new JsonException("a name is null"))
            .ToImmutableSortedSet(StringComparer.Ordinal);

    public override void Write(Utf8JsonWriter writer, ImmutableSortedSet<string> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, [.. value], Names(options));

    private static JsonTypeInfo<ImmutableArray<string>> Names(JsonSerializerOptions options) =>
        (JsonTypeInfo<ImmutableArray<string>>)options.GetTypeInfo(typeof(ImmutableArray<string>));
}
