using System.Net.Security;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Interop;

/// <summary>Clients that break a rule while they have much to send, over mutual TLS.</summary>
public class LateReaderTests
{
    // [MQTT-3.3.4-8], [MQTT-4.13.1-1]: it reads the reason behind thousands of answers, and answers each of them.
    [Fact]
    public async Task ReceiveMaximum_ExceededByOneInThousands_IsTheReasonThatTheClientReads()
    {
        const int Messages = 4_097;
        await using var host = await MqttHost.StartAsync();
        await using var client = await host.OpenAsync(SslStreamCertificateContext.Create(host.Issue("a"), null, offline: true));
        await client.ConnectAsync(client.Connect("a"));
        var payload = new byte[1_000];
        await client.SendAsync(
            [.. Enumerable.Range(1, Messages)
                .Select(id => (ReadOnlyMemory<byte>)client.Publish("t", payload, QualityOfService.ExactlyOnce, (ushort)id))]);
        for (var i = 1; i < Messages; i++)
        {
            await client.ExpectAckAsync(PacketType.PubRec, (ushort)i);
            await client.AckAsync(PacketType.PubRel, (ushort)i);
        }

        (await client.ExpectAsync<ReasonPacket>()).Reason.ShouldBe(ReasonCode.ReceiveMaximumExceeded);
    }

    // It reads nothing before all is written, much more than the buffers of two sockets hold.
    [Fact]
    public async Task Violation_WithManyMegabytesBehindIt_IsTheReasonThatTheClientReads()
    {
        await using var host = await MqttHost.StartAsync();
        await using var client = await host.OpenAsync(SslStreamCertificateContext.Create(host.Issue("a"), null, offline: true));
        await client.ConnectAsync(client.Connect("a"));
        await client.SendAsync(new byte[] { 0xD0, 0x00 }, new byte[30 * 1024 * 1024]);
        await client.ExpectClosedAsync(ReasonCode.ProtocolError);
    }
}
