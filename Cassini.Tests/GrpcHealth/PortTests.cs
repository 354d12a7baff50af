using System.Net;
using System.Net.Sockets;
using Cassini.Harness;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Hosting;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Settings;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using static Grpc.Health.V1.HealthCheckResponse.Types;
using HealthClient = Grpc.Health.V1.Health.HealthClient;

namespace Cassini.Tests.GrpcHealth;

/// <summary>Two ports, two surfaces: neither answers for the other.</summary>
public class PortTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/readyz")]
    [InlineData("/healthz")]
    [InlineData("/metrics")]
    [InlineData("/connections")]
    public async Task ManagementPath_AtTheGrpcPort_IsNotThere(string path)
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{rig.Address.Port}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Http1_AtTheGrpcPort_IsRefused()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        using var http = new HttpClient();

        using var answer = await http.GetAsync($"http://127.0.0.1:{rig.Address.Port}/readyz", TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Grpc_AtTheManagementPort_IsNotThere()
    {
        await using var rig = await GrpcRig.ReadyAsync();
        await using var management = ManagementApp.Create(
            ManagedBroker.Of(rig.Broker.Host), new ManagementOptions { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance, TimeProvider.System);
        await management.StartAsync(TestContext.Current.CancellationToken);
        using var channel = GrpcChannel.ForAddress(ManagementApp.AddressOf(management));

        await Should.ThrowAsync<RpcException>(async () => await new HealthClient(channel).CheckAsync(new HealthCheckRequest()));

        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(management) };
        using var posted = await http.PostAsync("/grpc.health.v1.Health/Check", null, TestContext.Current.CancellationToken);
        posted.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    [StartsExecutable]
    public async Task Serve_WithAGrpcPort_SaysWhereAndAnswersUntilItStops()
    {
        using var directory = new TempDirectory();
        await using var cassini = CassiniProcess.Start(
            directory.Path,
            ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", "Management:GrpcAddress=127.0.0.1:0"]);
        var line = await cassini.Out.LineAsync(
            "the start-up text", line => line.StartsWith("  grpc health   127.0.0.1:", StringComparison.Ordinal));
        using var channel = GrpcChannel.ForAddress($"http://{line.Split(' ')[^1]}");
        using var watch = new HealthClient(channel).Watch(new HealthCheckRequest());
        await Eventually.BecomesAsync(
            "it is ready", async () => await GrpcRig.NextAsync("a status", watch), status => status == ServingStatus.Serving);

        cassini.Signal(ChildProcess.Terminate);

        (await GrpcRig.NextAsync("it drains", watch)).ShouldBe(ServingStatus.NotServing);
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        cassini.Error.Lines.ShouldAllBe(logged => !logged.Contains("fail:", StringComparison.Ordinal));
    }

    [Fact]
    [StartsExecutable]
    public async Task Serve_GrpcPortInUse_IsOneLineAndCode2()
    {
        using var directory = new TempDirectory();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, _, error) = await CassiniProcess.RunAsync(
            directory.Path,
            ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--set", $"Management:GrpcAddress={other.LocalEndpoint}"]);

        code.ShouldBe(ExitCode.Error);
        error.ShouldBe(
            $"cassini: gRPC health cannot listen on {other.LocalEndpoint}: address already in use; give another Management:GrpcAddress");
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("127.0.0.1:9090")]
    [InlineData("localhost:9090")]
    [InlineData("127.0.0.1:8883")]
    public void Options_WrongAddress_AreRefused(string address)
    {
        var error = SettingsCatalog.Validate(
            new CassiniOptions(), new ProcessOptions { Management = new ManagementOptions { GrpcAddress = address } })
            .ShouldHaveSingleItem();
        error.Key.ShouldBe("Management:GrpcAddress");
        error.Message.ShouldContain(address.Replace("localhost", "127.0.0.1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_001)]
    public void Options_WrongCap_AreRefused(int maxWatches) =>
        SettingsCatalog.Validate(
            new CassiniOptions(), new ProcessOptions { Management = new ManagementOptions { MaxWatches = maxWatches } })
            .ShouldHaveSingleItem().Key.ShouldBe("Management:MaxWatches");
}
