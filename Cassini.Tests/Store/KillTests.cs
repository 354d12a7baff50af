using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store;

/// <summary>The real executable is killed while messages are acknowledged, again and again: none of them may be lost.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kill = 9;

    /// <summary>CASSINI_KILLS asks for more.</summary>
    private static readonly int Kills =
        int.Parse(Environment.GetEnvironmentVariable("CASSINI_KILLS") ?? "6", CultureInfo.InvariantCulture);

    private static readonly string[] Arguments =
    [
        "--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", "Store:Level=Flush", "--set", "Store:CompactBytes=1048576",
    ];

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Serve_KilledUnderLoad_LosesNothingAcknowledged()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var publisher = new SendingClient();
        var subscriber = new TakingClient();
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var cassini = CassiniProcess.Start(_directory.Path, Arguments);
            var address = await AddressAsync(cassini);
            if (kill == 0)
            {
                await subscriber.SubscribeAsync(await OpenAsync(address), $"seed {seed}");
            }

            var killAfter = random.Next(1, 2_000);
            var taking = kill % 2 == 0 ? Task.CompletedTask : subscriber.TakeAsync(await OpenAsync(address), until: null);
            await publisher.SendAsync(await OpenAsync(address), killAfter, () => cassini.Signal(Kill));
            await cassini.ExitCodeAsync("it is killed");
            await taking;
        }

        await using var last = CassiniProcess.Start(_directory.Path, Arguments);
        var lastAddress = await AddressAsync(last);
        await publisher.FinishAsync(await OpenAsync(lastAddress));
        await subscriber.TakeAsync(await OpenAsync(lastAddress), until: publisher.Sent);

        subscriber.Check(publisher.Sent, $"seed {seed}");
        last.Signal(ChildProcess.Terminate);
        await last.ExitCodeAsync("it stops");
    }

    private static async Task<IPEndPoint> AddressAsync(ChildProcess cassini)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await cassini.ManagementAsync()) };
        using var ready = await http.GetAsync("/readyz?wait=60s", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var health = JsonDocument.Parse(await http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
        return IPEndPoint.Parse(health.RootElement.GetProperty("endpoints")[0].GetProperty("address").GetString()!);
    }

    private async Task<MqttTestClient> OpenAsync(IPEndPoint address)
    {
        var certificates = Path.Combine(_directory.Path, "cassini", "dev-certs");
        using var certificate = X509Certificate2.CreateFromPemFile(
            Path.Combine(certificates, "client.pem"), Path.Combine(certificates, "client.key"));
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            TestContext.Current.CancellationToken);
        return new MqttTestClient(stream, ProtocolVersion.V500);
    }
}
