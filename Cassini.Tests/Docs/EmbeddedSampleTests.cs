using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reflection;
using Cassini.Streams.Hosting;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Cassini.Tests.Docs;

/// <summary>samples/Embedded as a real process, and docs/use/embedding.md, whose code is the sample's.</summary>
public sealed class EmbeddedSampleTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Page_CodeOfTheSample_IsTheSamples()
    {
        var program = Repository.Read("samples", "Embedded", "Program.cs");
        var blocks = Repository.Read("docs", "use", "embedding.md").Split("```csharp\n")[1..]
            .Select(block => block.Split("```")[0])
            .ToList();

        blocks.Count.ShouldBeGreaterThan(2);
        blocks.Where(block => !program.Contains(block, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Sample_Started_PublishesObservesAndIsHealthy()
    {
        var port = FreePort.Find();
        await using var sample = Start(port);
        var address = await AddressAsync(sample);

        // A busy machine is slow enough for Degraded.
        await BecomesAsync($"{address}/health", HttpStatusCode.OK, "Healthy", "Degraded");

        await using var subscriber = CassiniProcess.Start(_directory.Path, ["sub", "greetings/#", "--count", "1", .. Client(port)]);
        await Eventually.BecomesAsync(
            "the sample has subscribed", () => PostAsync($"{address}/greet/world"), outcome => outcome == "Delivered");
        (await subscriber.ExitCodeAsync("the greeting comes")).ShouldBe(0);
        subscriber.Out.Lines.ShouldBe(["greetings/world hello world"]);

        var (code, _, error) = await CassiniProcess.RunAsync(
            _directory.Path, ["pub", "orders/7", "espresso", "--qos", "1", .. Client(port)]);
        code.ShouldBe(0, error);
        await sample.Out.LineAsync("the order is observed", line => line == "orders/7: espresso");
        await sample.Out.LineAsync("health is observed", line => line == "ready");

        sample.Signal(ChildProcess.Terminate);
        (await sample.ExitCodeAsync("it stops")).ShouldBe(0);
        sample.Error.ToString().ShouldBeEmpty();
    }

    [Fact]
    public void Sample_ShutdownTimeout_IsTheLongestStop()
    {
        var host = Built("--urls", "http://127.0.0.1:0", "--broker", "127.0.0.1:0", "--data", _directory.Path);

        var granted = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;

        granted.ShouldBe(host.Services.GetRequiredService<BrokerHost>().Options.LongestStop);
        granted.ShouldBeGreaterThan(new HostOptions().ShutdownTimeout, "otherwise it need not be set");
    }

    [Fact]
    public async Task Sample_PortTaken_Is503AndAlive()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var sample = Start(((IPEndPoint)other.LocalEndpoint).Port);
        var address = await AddressAsync(sample);

        await BecomesAsync($"{address}/health", HttpStatusCode.ServiceUnavailable, "Unhealthy");
        await BecomesAsync($"{address}/alive", HttpStatusCode.OK, "Healthy");
    }

    /// <summary>The host that the sample builds; it goes no further.</summary>
    private static IHost Built(params string[] args)
    {
        IHost? built = null;
        var caller = Environment.CurrentManagedThreadId;
        using var listeners = DiagnosticListener.AllListeners.Where(listener => listener.Name == "Microsoft.Extensions.Hosting")
            .SelectMany(listener => listener)
            .Where(happened => happened.Key == "HostBuilt" && Environment.CurrentManagedThreadId == caller)
            .Subscribe(happened =>
            {
                built = (IHost)happened.Value!;
                throw new OperationCanceledException("It is built.");
            });
        var stopped = Should.Throw<TargetInvocationException>(
            () => Assembly.Load("Embedded").EntryPoint!.Invoke(null, [args]));
        stopped.InnerException.ShouldBeOfType<OperationCanceledException>();
        return built.ShouldNotBeNull();
    }

    private ChildProcess Start(int port) => ChildProcess.Start(
        "dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "Embedded.dll"), "--urls", "http://127.0.0.1:0", "--broker",
            $"127.0.0.1:{port}", "--data", _directory.Path,
        ],
        _directory.Path);

    private static async Task<string> AddressAsync(ChildProcess sample)
    {
        const string Words = "Now listening on: ";
        var line = await sample.Out.LineAsync("it listens", line => line.Contains(Words, StringComparison.Ordinal));
        return line.Split(Words)[1].Trim();
    }

    private string[] Client(int port)
    {
        var files = Path.Combine(_directory.Path, "dev-certs");
        return
        [
            "--broker", $"127.0.0.1:{port}", "--ca", Path.Combine(files, "ca.pem"),
            "--cert", Path.Combine(files, "client.pem"), "--key", Path.Combine(files, "client.key"),
        ];
    }

    private Task BecomesAsync(string address, HttpStatusCode status, params string[] words) => Eventually.BecomesAsync(
        $"{address} is {status}",
        async () =>
        {
            using var answer = await _http.GetAsync(address, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        },
        answer => answer.StatusCode == status && words.Contains(answer.Item2));

    private async ValueTask<string> PostAsync(string address)
    {
        using var answer = await _http.PostAsync(address, null, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
