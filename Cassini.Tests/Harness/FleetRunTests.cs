using System.Text.Json;
using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Tests.Cli;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Harness;

/// <summary>Plans for a fleet, against whole brokers on a real NATS server.</summary>
public sealed class FleetRunTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestConsole _console = new();
    private readonly List<WebApplication> _managements = [];
    private Cluster.Fleet? _fleet;

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        foreach (var management in _managements)
        {
            await management.StopAsync(now.Token);
            await management.DisposeAsync();
        }

        if (_fleet is not null)
        {
            await _fleet.DisposeAsync();
        }

        _console.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Run_PublishersAndSubscribersOfOtherNodes_LoseNothing()
    {
        await StartAsync(2);

        // The connection that crashes may be that of s: what it has not acknowledged with QoS 1 comes to it again.
        var (code, report) = await RunAsync(
            """
            { "name": "p", "topic": "orders/1", "messages": 500, "qos": 1 },
            { "name": "q", "topic": "orders/2", "broker": "n2", "messages": 500, "qos": 2 }
            """,
            """
            { "name": "s", "topic": "orders/+", "broker": "n2", "expect": { "noLoss": true } },
            { "name": "t", "topic": "orders/+", "expect": { "noLoss": true, "noDuplicates": true } }
            """,
            """ "faults": [{ "at": "0ms", "fault": "crash-connection", "broker": "n2", "tolerate": "1h" }], """);

        code.ShouldBe(ExitCode.Ok, $"{_console.Out}\n{_console.Error}");
        var test = report.GetProperty("tests")[0];
        test.GetProperty("broker").GetString().ShouldBe("n1");
        test.GetProperty("publishers")[1].GetProperty("broker").GetString().ShouldBe("n2");
        test.GetProperty("subscribers").EnumerateArray().ShouldAllBe(line => line.GetProperty("unique").GetInt64() == 1000);
        test.GetProperty("faults")[0].GetProperty("broker").GetString().ShouldBe("n2");
        _console.Out.ToString().ShouldContain("fault crash-connection on broker n2");
    }

    [Fact]
    public async Task Run_ANodeIsMissing_SaysWhichAddressLacksIt()
    {
        await StartAsync(1);
        await using var alone = await RunningBroker.ServingMqttAsync();
        await ManageAsync(alone);

        var (code, report) = await RunAsync(
            """{ "name": "p", "topic": "t", "messages": 5 }""", """{ "name": "s", "topic": "t" }""", "", (_fleet!.Nodes[0], alone));

        code.ShouldBe(ExitCode.Error, $"{_console.Out}\n{_console.Error}");
        report.GetProperty("message").GetString()!.ShouldContain("is a broker on its own and no node of a fleet");
    }

    private async Task StartAsync(int nodes)
    {
        _fleet = await Cluster.Fleet.StartAsync(nodes);
        foreach (var node in _fleet.Nodes)
        {
            await ManageAsync(node);
        }
    }

    private async Task ManageAsync(RunningBroker node)
    {
        var management = ManagementApp.Create(
            ManagedBroker.Of(node.Mqtt), new ManagementOptions { Address = "127.0.0.1:0", EnableFaults = true }, NullLoggerFactory.Instance,
            TimeProvider.System);
        await management.StartAsync(TestContext.Current.CancellationToken);
        _managements.Add(management);
        node.Authority.WriteClient(node.Directory, node.Authority.IssueClient("harness"));
    }

    private Task<(int Code, JsonElement Report)> RunAsync(string publishers, string subscribers, string test) =>
        RunAsync(publishers, subscribers, test, (_fleet!.Nodes[0], _fleet.Nodes[1]));

    private async Task<(int Code, JsonElement Report)> RunAsync(
        string publishers, string subscribers, string test, (RunningBroker One, RunningBroker Two) nodes)
    {
        var plan = _directory.Write("plan.json", $$"""
            {
              "name": "fleet", "seed": 42, "fleet": true,
              "brokers": [{{JsonOf("n1", 0, nodes.One)}}, {{JsonOf("n2", 1, nodes.Two)}}],
              "tests": [{ "name": "orders", {{test}} "publishers": [{{publishers}}], "subscribers": [{{subscribers}}] }]
            }
            """);
        var health = FeedBrokerHealth.Factory(TimeProvider.System);
        var code = await Eventually.CompletesAsync(
            "the run ends",
            CommandLine.RunAsync(
                ["run", plan, "--report", _directory.File("report.json")], _console.Context, RunCommand.Create(_console.Context, health)),
            HarnessRig.Patience);
        return (code, JsonDocument.Parse(await File.ReadAllTextAsync(_directory.File("report.json"))).RootElement);
    }

    private string JsonOf(string name, int management, RunningBroker node)
    {
        string Path(string file) => JsonSerializer.Serialize(System.IO.Path.Combine(node.Directory, file));
        return $$"""
            { "name": "{{name}}", "management": "{{ManagementApp.AddressOf(_managements[management])}}",
              "mqtt": "{{node.Now.Endpoints[0].Address}}",
              "tls": { "ca": {{Path("ca.pem")}}, "cert": {{Path("client.pem")}}, "key": {{Path("client.key")}} } }
            """;
    }
}
