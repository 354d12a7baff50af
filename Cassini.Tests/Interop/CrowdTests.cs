using System.Net.Security;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Interop;

public class CrowdTests
{
    private const int Crowd = 5_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>All connect at once over mutual TLS, all subscribe, and each gets its one message.</summary>
    [Fact]
    public async Task ManySessions_ConnectingAtOnce_AllGetTheirMessage()
    {
        await using var host = await MqttHost.StartAsync(options => options with
        {
            Listener = options.Listener with { HandshakeTimeout = Deadline, StallGrace = Deadline },
            Broker = options.Broker with { ConnectTimeout = Deadline },
            Quota = QuotaOptions.Whole,
        });
        using var identity = host.Issue("crowd");
        var certificate = SslStreamCertificateContext.Create(identity, null, offline: true);
        var clients = await Eventually.CompletesAsync(
            "all are subscribed",
            Task.WhenAll(Enumerable.Range(0, Crowd).Select(number => JoinAsync(host, certificate, number))), Deadline);
        host.Host.Broker.Sessions.Open.ShouldBe(Crowd);
        (await host.Host.Broker.PublishAsync(new MqttMessage { Topic = "crowd/all", Payload = "hello"u8.ToArray() }))
            .ShouldBe(PublishOutcome.Delivered);
        await Eventually.CompletesAsync(
            "each gets its message", Task.WhenAll(clients.Select(client => client.ExpectPublishAsync("crowd/all", "hello"))), Deadline);
        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
        await Eventually.HoldsAsync("all sessions end", () => host.Host.Broker.Sessions.Count == 0, Deadline);
    }

    private static async Task<MqttTestClient> JoinAsync(MqttHost host, SslStreamCertificateContext certificate, int number)
    {
        await Task.Yield();
        var client = await host.OpenAsync(certificate);
        await client.ConnectAsync(client.Connect($"client-{number}"));
        await client.SubscribeAsync("crowd/#", QualityOfService.AtMostOnce);
        return client;
    }
}
