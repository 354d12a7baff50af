using System.Text.Json;
using Cassini.Streams.Broker;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Retains the health snapshot as JSON under <c>$SYS/broker/health</c> at each change. Of several quick changes, only the newest.
/// </summary>
internal sealed class HealthTopic(HealthProjection health, MqttBroker broker)
{
    public const string Topic = "$SYS/broker/health";

    /// <summary>Publishes each change until the end, and then the last snapshot.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        await foreach (var snapshot in health.ReadChangesUntilAsync(end).ConfigureAwait(false))
        {
            broker.PublishSystem(Topic, JsonSerializer.SerializeToUtf8Bytes(snapshot, HealthJson.Snapshot));
        }
    }
}
