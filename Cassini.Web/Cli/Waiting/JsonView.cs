using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Waiting;

/// <summary>One JSON object per line for each change, and one for the end: for machines.</summary>
internal sealed class JsonView(WaitGoal goal, IReadOnlyList<ManagementAddress> targets, TextWriter output, TimeProvider time) : IWaitView
{
    private static readonly JsonSerializerOptions Json = new(HealthJson.Options) { TypeInfoResolver = WaitJsonContext.Default };

    private readonly long _began = time.GetTimestamp();
    private readonly Change?[] _written = new Change?[targets.Count];

    public void Show(GroupHealth health)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            var snapshot = health.Nodes[i].Snapshot;
            var change = new Change(
                targets[i].Name, goal.IsMet(snapshot), snapshot.Status, snapshot.Ready,
                snapshot.Live, snapshot.Epoch.Length > 0 ? snapshot.Phase : null,
                HealthReason.Of(snapshot), null);
            if (change != _written[i] && !HealthReason.IsConnecting(snapshot))
            {
                _written[i] = change;
                output.WriteLine(JsonSerializer.Serialize(change with { Seconds = Seconds() }, Json));
            }
        }
    }

    public void End(string outcome) => output.WriteLine(JsonSerializer.Serialize(new End(outcome, Seconds()), Json));

    private double Seconds() => Math.Round(time.GetElapsedTime(_began).TotalSeconds, 3);
}

/// <summary>A line of <c>wait --json</c>.</summary>
internal sealed record Change(
    string Target, bool Holds, HealthStatus Status, bool Ready, bool Live, Phase? Phase, string Reason, double? Seconds);

/// <summary>The last line of <c>wait --json</c>.</summary>
internal sealed record End(string Outcome, double Seconds);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Change))]
[JsonSerializable(typeof(End))]
internal sealed partial class WaitJsonContext : JsonSerializerContext;
