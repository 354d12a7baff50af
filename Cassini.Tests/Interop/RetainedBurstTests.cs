using System.Globalization;
using System.Net.Security;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Interop;

/// <summary>More retained messages than any queue holds, over mutual TLS [MQTT-3.3.1-9].</summary>
public class RetainedBurstTests
{
    [Theory]
    [InlineData(20_000, 1_000, 1)]
    [InlineData(200, 200_000, 0)]
    public async Task Subscribe_ByAClientThatReadsAtFullSpeed_GetsAll(int count, int size, int qos)
    {
        await using var host = await MqttHost.StartAsync();
        var payload = new byte[size];
        for (var i = 0; i < count; i++)
        {
            var topic = $"t/{i.ToString(CultureInfo.InvariantCulture)}";
            await host.Host.Broker.PublishAsync(
                new MqttMessage { Topic = topic, Payload = payload, Retain = true, QoS = (QualityOfService)qos },
                TestContext.Current.CancellationToken);
        }

        await using var client = await host.OpenAsync(SslStreamCertificateContext.Create(host.Issue("a"), null, offline: true));
        await client.ConnectAsync(client.Connect("a"));
        await client.SubscribeAsync("t/#");
        var topics = new HashSet<string>();
        while (topics.Count < count)
        {
            var message = await client.ExpectAsync<ReceivedPublish>();
            topics.Add(message.Topic).ShouldBeTrue("each comes once");
            if (qos > 0)
            {
                await client.AckAsync(PacketType.PubAck, message.PacketId);
            }
        }

        await client.ExpectNothingAsync();
        host.Host.Broker.Statistics.Dropped.ShouldBe(0);
    }
}
