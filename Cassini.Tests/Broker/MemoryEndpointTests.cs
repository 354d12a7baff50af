using System.Net;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Clients of some endpoints do not wait for the disk.</summary>
public class MemoryEndpointTests
{
    private static readonly EndpointAddress Quick = new(IPAddress.Loopback, 1884);

    [Fact]
    public async Task Publish_AtAMemoryEndpoint_IsAnsweredBeforeItIsDurable()
    {
        var commit = new TaskCompletionSource();
        await using var rig = new BrokerRig(options => options with { MemoryEndpoints = [Quick] });
        await (await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client.SubscribeAsync("t");
        var (quick, careful) = (await ConnectAsync(rig, "quick", $"{Quick}"), await ConnectAsync(rig, "careful", "127.0.0.1:8883"));
        rig.Store.Committing = () => commit.Task;

        (await quick.PublishAsync("t", "1", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        var waiting = careful.PublishAsync("t", "2", QualityOfService.AtLeastOnce);
        (await quick.PublishAsync("t", "3", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.Success);
        waiting.IsCompleted.ShouldBeFalse();

        commit.SetResult();
        (await Eventually.CompletesAsync("it is durable", waiting)).ShouldBe(ReasonCode.Success);
    }

    private static async Task<MqttTestClient> ConnectAsync(BrokerRig rig, string clientId, string endpoint)
    {
        var client = rig.Open(endpoint: endpoint).Client;
        await client.ConnectAsync(client.Connect(clientId));
        return client;
    }
}
