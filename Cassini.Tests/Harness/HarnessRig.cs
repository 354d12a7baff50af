using System.Text.Json;
using Cassini.Harness.Health;
using Cassini.Harness.Plans;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Tests.Cli;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Harness;

/// <summary>A real broker with its management, and <c>cassini run</c> against it, in one process.</summary>
internal sealed class HarnessRig : IAsyncDisposable
{
    public const string Tls = """ "tls": { "ca": "ca.pem", "cert": "client.pem", "key": "client.key" }""";

    /// <summary>A run may take its time where many tests share few cores.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _management;

    private HarnessRig(RunningBroker broker, WebApplication management)
    {
        (Broker, _management) = (broker, management);
        broker.Authority.WriteClient(broker.Directory, broker.Authority.IssueClient("harness"));
    }

    public RunningBroker Broker { get; }

    public TestConsole Console { get; } = new();

    public Uri Management => ManagementApp.AddressOf(_management);

    public string BrokerJson => $$"""
        { "name": "main", "management": "{{Management}}", "mqtt": "{{Broker.Now.Endpoints[0].Address}}", {{Tls}} }
        """;

    public static Task<HarnessRig> StartAsync(bool enableFaults = true) =>
        StartAsync(new ManagementOptions { EnableFaults = enableFaults });

    public static async Task<HarnessRig> StartAsync(ManagementOptions options)
    {
        var broker = await RunningBroker.ServingMqttAsync();
        var management = ManagementApp.Create(
            ManagedBroker.Of(broker.Mqtt), options with { Address = "127.0.0.1:0" }, NullLoggerFactory.Instance, TimeProvider.System);
        await management.StartAsync(TestContext.Current.CancellationToken);
        return new HarnessRig(broker, management);
    }

    /// <summary>The path of a file beside the plan.</summary>
    public string File(string name) => Path.Combine(Broker.Directory, name);

    /// <summary>Writes a plan of one test.</summary>
    public string Plan(string publishers, string subscribers, string more = "", string test = "") => Write($$"""
        {
          "name": "rehearsal", "seed": 42, {{more}}
          "brokers": [{{BrokerJson}}],
          "tests": [{ "name": "orders", {{test}} "publishers": [{{publishers}}], "subscribers": [{{subscribers}}] }]
        }
        """);

    public string Write(string plan)
    {
        System.IO.File.WriteAllText(File("plan.json"), plan);
        return File("plan.json");
    }

    public Task<int> RunAsync(params string[] args) => RunAsync(FeedBrokerHealth.Factory(TimeProvider.System), args);

    public async Task<int> RunAsync(Func<PlanBroker, IBrokerHealth> healthOf, params string[] args)
    {
        var run = CommandLine.RunAsync(["run", .. args], Console.Context, RunCommand.Create(Console.Context, healthOf));
        try
        {
            return await Eventually.CompletesAsync("the run ends", run, Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message} It said: {Console.Out}\n{Console.Error}");
        }
    }

    /// <summary>Runs it with a report, and reads that.</summary>
    public async Task<(int Code, JsonElement Report)> ReportAsync(string plan, params string[] args)
    {
        var code = await RunAsync([plan, "--report", File("report.json"), .. args]);
        return (code, JsonDocument.Parse(await System.IO.File.ReadAllTextAsync(File("report.json"))).RootElement);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _management.StopAsync(now.Token);
        await _management.DisposeAsync();
        await Broker.DisposeAsync();
        Console.Dispose();
    }
}
