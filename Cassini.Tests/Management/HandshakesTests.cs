using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Health;
using Cassini.Tests.Integration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management;

/// <summary>GET /handshakes.</summary>
public class HandshakesTests
{
    [Fact]
    public async Task Handshakes_Refused_AreRowsByAddressAndReasonTheLatestFirst()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            Happened.Refused(1, HandshakeFailure.NotTls, "192.0.2.7:1", "plain HTTP"),
            Happened.Refused(2, HandshakeFailure.BareProbe, "192.0.2.9:1"),
            Happened.Refused(3, HandshakeFailure.NoCertificate, "[2001:db8::1]:1"),
            Happened.Refused(4, HandshakeFailure.NotTls, "192.0.2.7:2", "<b>"));
        using var response = await rig.GetAsync("/handshakes");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        json.RootElement.EnumerateArray()
            .Select(row => string.Join(' ', row.EnumerateObject().Select(value => $"{value.Name}={value.Value}")))
            .Select(row => row[..row.IndexOf(" first=", StringComparison.Ordinal)])
            .ShouldBe(["address=192.0.2.7 reason=notTls detail=<b> count=2", "address=2001:db8::/64 reason=noCertificate detail= count=1"]);
        json.RootElement[0].GetProperty("first").GetDateTimeOffset()
            .ShouldBeLessThanOrEqualTo(json.RootElement[0].GetProperty("last").GetDateTimeOffset());
    }

    [Fact]
    public async Task Handshakes_MoreAddressesThanRows_KeepsThoseRefusedLast()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish([.. Enumerable.Range(0, RefusedHandshakes.Most + 5).Select(id => Happened.Refused(id, address: $"10.0.0.{id}:1"))]);
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/handshakes"));

        var addresses = json.RootElement.EnumerateArray().Select(row => row.GetProperty("address").GetString()).ToList();
        addresses.Count.ShouldBe(RefusedHandshakes.Most);
        addresses.ShouldNotContain("10.0.0.4");
        addresses.ShouldContain("10.0.0.5");
    }

    /// <summary>Over a real socket and real TLS.</summary>
    [Fact]
    public async Task Handshakes_RealPeersThatAreRefused_AreThere()
    {
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };
        var endpoint = IPEndPoint.Parse(broker.Now.Endpoints[0].Address);

        using (var plain = new TcpClient())
        {
            await plain.ConnectAsync(endpoint, TestContext.Current.CancellationToken);
            await plain.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            await broker.HappensAsync<HandshakeFailed>("it is no TLS", failed => failed.Reason == HandshakeFailure.NotTls);
        }

        using (var nameless = new TcpClient())
        {
            await nameless.ConnectAsync(endpoint, TestContext.Current.CancellationToken);
            await using var tls = new SslStream(nameless.GetStream(), false, (_, _, _, _) => true);
            var handshake = tls.AuthenticateAsClientAsync("localhost");
            await handshake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            var failed = await broker.HappensAsync<HandshakeFailed>(
                "it has no certificate", failed => failed.Reason == HandshakeFailure.NoCertificate);
            failed.RemoteAddress.ShouldNotBeNull().ShouldStartWith("127.0.0.1:");
        }

        await broker.FoldedAsync();
        using var json = JsonDocument.Parse(await http.GetStringAsync("/handshakes", TestContext.Current.CancellationToken));
        json.RootElement.EnumerateArray()
            .Select(row => $"{row.GetProperty("address")} {row.GetProperty("reason")} {row.GetProperty("count")}")
            .ShouldBe(["127.0.0.1 noCertificate 1", "127.0.0.1 notTls 1"]);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }
}
