using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Streams.Health;

namespace Cassini.Management.Telemetry;

/// <summary>Writes a collection as JSON, with the revision that its numbers belong to.</summary>
internal static class MetricsJson
{
    public static byte[] Write(HealthSnapshot? snapshot, ImmutableArray<MetricFamily> families)
    {
        var buffer = new ArrayBufferWriter<byte>(32_768);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (snapshot is not null)
            {
                json.WriteNumber("revision", snapshot.Revision);
                json.WriteString("epoch", snapshot.Epoch);
                json.WriteString("asOf", snapshot.AsOf.UtcDateTime);
            }

            json.WriteStartArray("metrics");
            foreach (var family in families)
            {
                Write(json, family);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, MetricFamily family)
    {
        json.WriteStartObject();
        json.WriteString("name", family.Kind == MetricKind.Counter ? $"{family.Name}_total" : family.Name);
        json.WriteString("type", Words.Of(family.Kind));
        json.WriteString("unit", family.Unit);
        json.WriteString("help", family.Help);
        json.WriteStartArray("samples");
        foreach (var sample in family.Samples)
        {
            Write(json, family.Kind, sample);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MetricKind kind, MetricSample sample)
    {
        json.WriteStartObject();
        json.WriteStartObject("labels");
        foreach (var (name, value) in sample.Labels)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        if (kind == MetricKind.Histogram)
        {
            json.WriteNumber("count", sample.Buckets[^1].Count);
            json.WriteNumber("sum", sample.Value);
            json.WriteStartArray("buckets");
            foreach (var bucket in sample.Buckets.Where(bucket => double.IsFinite(bucket.Bound)))
            {
                json.WriteStartObject();
                json.WriteNumber("le", bucket.Bound);
                json.WriteNumber("count", bucket.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteNumber("value", sample.Value);
        }

        json.WriteEndObject();
    }
}
