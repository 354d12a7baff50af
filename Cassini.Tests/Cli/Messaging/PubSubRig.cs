using Cassini.Harness;
using Cassini.Streams.Broker.Model;
using Cassini.Tests.Interop;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli.Messaging;

/// <summary>A real broker, and the commands <c>pub</c> and <c>sub</c> with a certificate of its CA.</summary>
internal sealed class PubSubRig : IAsyncDisposable
{
    private readonly string _certificate;
    private readonly string _key;
    private readonly List<TestConsole> _consoles = [];

    private PubSubRig(MqttHost host)
    {
        Host = host;
        (_certificate, _key) = host.Write("tool");
    }

    public MqttHost Host { get; }

    public string Broker => $"127.0.0.1:{Host.Address.Port}";

    public string[] Connection => ["--broker", Broker, "--ca", Host.CaPath, "--cert", _certificate, "--key", _key];

    public static async Task<PubSubRig> StartAsync(params IReadOnlyList<string> access) =>
        new(await MqttHost.StartAsync(options => access.Count == 0
        ? options
        : options with { Broker = options.Broker with { Access = [.. access.Select(Rule)] } }));

    /// <summary>Runs a command; the console is for what it wrote, and for interrupting it.</summary>
    public (Task<int> Code, TestConsole Console) Run(params IEnumerable<string> args) => RunWith(new TestConsole(), args);

    public (Task<int> Code, TestConsole Console) RunWith(TestConsole console, params IEnumerable<string> args)
    {
        _consoles.Add(console);
        return (RunAsync(console, [.. args, .. Connection]), console);
    }

    public static Task<int> RunAsync(TestConsole console, params IReadOnlyList<string> args) =>
        CommandLine.RunAsync(args, console.Context, PubCommand.Create(console.Context), SubCommand.Create(console.Context));

    public async Task<(int Code, TestConsole Console)> EndsAsync(params IEnumerable<string> args)
    {
        var (code, console) = Run(args);
        return (await Eventually.CompletesAsync("the command ends", code), console);
    }

    /// <summary>Publishes, and it must work.</summary>
    public async Task PublishAsync(params IEnumerable<string> args)
    {
        var (code, console) = await EndsAsync(["pub", .. args]);
        console.Error.Lines.ShouldBeEmpty();
        code.ShouldBe(ExitCode.Ok);
    }

    /// <summary>A subscriber that is subscribed.</summary>
    public async Task<(Task<int> Code, TestConsole Console)> SubscribeAsync(
        TestConsole console, string topic, params IEnumerable<string> args)
    {
        var before = Subscribers(topic);
        var running = RunWith(console, ["sub", .. args]);
        await Eventually.HoldsAsync("it is subscribed", () => Subscribers(topic) > before);
        return running;
    }

    public int Subscribers(string topic) => Host.Host.Broker.GetSubscriptions(topic).Count;

    private static AccessRule Rule(string text) =>
        AccessRule.TryParse(text, out var rule, out var error) ? rule : throw new ArgumentException(error);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _consoles.ForEach(console => console.Dispose());
    }
}
