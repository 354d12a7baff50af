using System.Text.Json;
using System.Text.Json.Serialization;
using Cassini.Streams.Broker;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Retains how each node is as JSON under <c>$SYS/fleet/NODE/health</c>, as this node knows it. Emptied when a node is forgotten.
/// </summary>
internal sealed class FleetTopics(FleetProjection fleet, MqttBroker broker)
{
    /// <summary>Publishes each change until the end.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        Dictionary<string, NodeWord> published = [];
        for (var position = fleet.Log.Newest; ; position = fleet.Log.Newest)
        {
            var state = fleet.Refresh();
            var words = WordsOf(state.ToSnapshot());
            foreach (var (node, word) in words.Where(one => published.GetValueOrDefault(one.Key) != one.Value))
            {
                Publish(node, JsonSerializer.SerializeToUtf8Bytes(word, NodeWordJson.Default.NodeWord));
            }

            foreach (var node in published.Keys.Except(words.Keys))
            {
                Publish(node, default);
            }

            published = words;
            if (end.IsCancellationRequested || fleet.Log.IsCompleted)
            {
                return;
            }

            await fleet.Log.WaitAsync(position).WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Dictionary<string, NodeWord> WordsOf(FleetSnapshot snapshot) => snapshot.Nodes
        .Select(node => (node.Node, Word: new NodeWord(node.Snapshot.Status, node.Snapshot.Ready, node.Snapshot.Reason)))
        .Concat(snapshot.Tombstones.Select(gone => (gone.Node, Word: new NodeWord(HealthStatus.Unknown, false, ReasonOf(gone)))))
        .ToDictionary(one => one.Node, one => one.Word, StringComparer.Ordinal);

    private static string ReasonOf(Tombstone gone) =>
        gone.Reason == TombstoneReason.Left ? nameof(FeedLoss.Stopped) : nameof(FeedLoss.Silent);

    private void Publish(string node, ReadOnlyMemory<byte> payload) => broker.PublishSystem($"$SYS/fleet/{node}/health", payload);
}

/// <summary>How a node is, in short.</summary>
/// <param name="Status">Its status; unknown when nothing current is known.</param>
/// <param name="Ready">Whether it serves new clients.</param>
/// <param name="Reason">The reason of its worst check, or why nothing current is known; null when it is well.</param>
internal sealed record NodeWord(HealthStatus Status, bool Ready, string? Reason);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(CamelCaseEnum<HealthStatus>)])]
[JsonSerializable(typeof(NodeWord))]
internal sealed partial class NodeWordJson : JsonSerializerContext;
