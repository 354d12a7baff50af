using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Waiting;

/// <summary>One JSON object per line for each change, and one for the end: for machines.</summary>
internal sealed class JsonView(TextWriter output, TimeProvider time) : IWaitView
{
    private static readonly JsonTypeInfo<Change> ChangeShape = ShapeOf<Change>();
    private static readonly JsonTypeInfo<End> EndShape = ShapeOf<End>();

    private readonly long _began = time.GetTimestamp();
    private Dictionary<string, Change> _written = [];

    public void Show(IReadOnlyList<WaitRow> rows)
    {
        var now = new Dictionary<string, Change>();
        foreach (var row in rows.Where(row => !row.IsConnecting))
        {
            var change = new Change(row.Name, row.Holds, row.Status, row.Ready, row.Live, row.Phase, row.Reason, null);
            if (change != _written.GetValueOrDefault(row.Name))
            {
                output.WriteLine(JsonSerializer.Serialize(change with { Seconds = Seconds() }, ChangeShape));
            }

            now[row.Name] = change;
        }

        _written = now;
    }

    public void End(string outcome) => output.WriteLine(JsonSerializer.Serialize(new End(outcome, Seconds()), EndShape));

    private static JsonTypeInfo<T> ShapeOf<T>()
    {
        var options = new JsonSerializerOptions(HealthJson.Options) { TypeInfoResolver = WaitJsonContext.Default };
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    private double Seconds() => Math.Round(time.GetElapsedTime(_began).TotalSeconds, 3);
}

/// <summary>A line of <c>wait --json</c>.</summary>
internal sealed record Change(
    string Target, bool Holds, HealthStatus Status, bool Ready, bool? Live, Phase? Phase, string Reason, double? Seconds);

/// <summary>The last line of <c>wait --json</c>.</summary>
internal sealed record End(string Outcome, double Seconds);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Change))]
[JsonSerializable(typeof(End))]
internal sealed partial class WaitJsonContext : JsonSerializerContext;
