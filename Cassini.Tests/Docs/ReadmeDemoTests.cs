using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Docs;

/// <summary>What the README shows first: who types it in its order sees what it says.</summary>
[StartsExecutable]
public sealed class ReadmeDemoTests : IAsyncLifetime
{
    private readonly TempDirectory _data = new();
    private readonly Dictionary<string, ChildProcess> _typed = [];
    private readonly Dictionary<string, string> _addresses = new[] { "127.0.0.1:8883", "127.0.0.1:8884", "127.0.0.1:9090" }
        .ToDictionary(address => address, _ => $"127.0.0.1:{FreePort.Find()}");

    private static IReadOnlyList<string> Commands { get; } =
    [
        .. Repository.Read("README.md").Split("<!-- capture:begin -->")[1].Split("<!-- capture:end -->")[0].Split('\n')
            .Where(line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(line => line[2..]),
    ];

    private string Management => $"http://{_addresses["127.0.0.1:9090"]}";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var child in _typed.Values.Reverse())
        {
            await child.DisposeAsync();
        }

        _data.Dispose();
    }

    [Fact]
    public async Task Demo_TypedInItsOrder_ShowsWhatItSays()
    {
        Programs.Require("curl");
        Commands.Count.ShouldBe(7);
        foreach (var command in Commands)
        {
            var child = _typed[command] = Run(command);
            await FollowAsync(command, child);
        }

        Typed("readyz").Out.Lines.ShouldContain("[-]bind failed: EndpointClosed");
        Typed("readyz").Out.Lines.ShouldContain("[+]supervision ok (error: Crashed)");
    }

    private async Task FollowAsync(string command, ChildProcess child)
    {
        switch (command.Split(' ', '/')[..2])
        {
            case ["cassini", "wait"]:
                break;
            case ["cassini", "serve"]:
                (await Typed("wait").ExitCodeAsync("the broker is ready")).ShouldBe(0);
                break;
            case ["cassini", "sub"]:
                using (var http = new HttpClient())
                {
                    await Eventually.BecomesAsync(
                        "the client is connected",
                        async () => await http.GetStringAsync($"{Management}/connections", TestContext.Current.CancellationToken),
                        connections => connections.Contains("\"client\"", StringComparison.Ordinal));
                }

                break;
            case ["curl", "-N"]:
                await child.Out.LineAsync("the feed begins", line => line == "event: snapshot");
                break;
            default:
                (await child.ExitCodeAsync(command)).ShouldBe(0);
                await SaysAsync(command);
                break;
        }
    }

    /// <summary>The feed is open already, and says what a fault has done.</summary>
    private async Task SaysAsync(string command)
    {
        var reason = command.Contains("crash-connection", StringComparison.Ordinal) ? "Crashed"
            : command.Contains("close-endpoint", StringComparison.Ordinal) ? "EndpointClosed"
            : null;
        if (reason is not null)
        {
            await Typed("/events").Out.LineAsync(reason, line => line.Contains($"\"reason\":\"{reason}\"", StringComparison.Ordinal));
        }
    }

    private ChildProcess Typed(string part) => _typed.Single(pair => pair.Key.Contains(part, StringComparison.Ordinal)).Value;

    private ChildProcess Run(string command) => ChildProcess.Paste(
        _addresses.Aggregate(command, (text, address) => text.Replace(address.Key, address.Value, StringComparison.Ordinal))
            .Replace("cassini ", $"{CassiniProcess.InShell} ", StringComparison.Ordinal),
        _data.Path,
        ("CASSINI_DATA_DIR", _data.Path),
        ("CASSINI_MANAGEMENT_ADDR", _addresses["127.0.0.1:9090"]));
}
