using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;
using Cassini.Tests.Feed;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Watching;
using Spectre.Console;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini watch --fleet</c>.</summary>
public sealed class FleetWatchTests : IDisposable
{
    private static readonly FleetSnapshot Two = FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2"));
    private static readonly Uri Address = new("http://n1.test:9090/");
    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Watch_NoTerminal_WritesOneObjectForEachNote()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.FleetFeed(
            Two, Task.CompletedTask, FleetText.Heartbeat() + FleetText.Gone(8, FleetText.Tombstone("n2"))));
        var nobody = $"http://127.0.0.1:{FreePort.Find()}";
        var watching = RunAsync("--fleet", nobody, server.Url);
        await _console.Out.LineAsync("the end of n2", line => line.Contains("\"note\":\"tombstone\"", StringComparison.Ordinal));

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the end", watching)).ShouldBe(ExitCode.Interrupted);
        var notes = _console.Out.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        notes.Select(note => note.GetProperty("note").GetString()).ShouldBe(["lost", "snapshot", "tombstone"]);
        notes[0].GetProperty("target").GetString().ShouldBe(nobody);
        notes[0].GetProperty("reason").GetString().ShouldBe("unreachable");
        notes[1].GetProperty("fleet").GetProperty("nodes").GetArrayLength().ShouldBe(2);
        notes[2].GetProperty("change").GetProperty("tombstone").GetProperty("node").GetString().ShouldBe("n2");
    }

    [Fact]
    public async Task Watch_EveryAddressRefuses_Ends()
    {
        await using var server = await FakeManagement.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return Task.CompletedTask;
        });

        (await RunAsync("--fleet", server.Url)).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: {server.Url}: refuses this client (403 Forbidden)"]);
    }

    [Theory]
    [InlineData("a:9090 b:9090", "only one URL can be watched, or a fleet: --fleet")]
    [InlineData("--fleet --record x", "--types and --record are for one broker, and do not go with --fleet")]
    [InlineData("--fleet --types health", "--types and --record are for one broker, and do not go with --fleet")]
    public async Task Watch_WrongUsage_IsNamed(string args, string expected)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Usage);

        _console.Error.ToString().ShouldContain(expected);
    }

    [Fact]
    public void Screen_AFleet_HasALineForEachNodeAndEachThatIsGone()
    {
        var bad = FleetText.Node("n2", failing: FleetText.Failing(CheckNames.Backlog, Reasons.BacklogHigh));
        bad = bad with { Snapshot = bad.Snapshot with { Reason = Reasons.BacklogHigh, Message = "full\u001b[2J" } };
        var fleet = FleetText.Fleet(7, FleetText.Node("n1"), bad) with { Tombstones = [FleetText.Tombstone("n3")] };

        var text = Draw(FleetModel.Of(new FleetFollowed(fleet, Address, false, false)));

        text[0].ShouldBe(" DEGRADED  fleet main ready  2 nodes, as n1 says");
        text[2].ShouldBe("ok        n1           self      ready  sessions 2  backlog 0");
        text[3].ShouldBe("degraded  n2           alive     ready  sessions 2  backlog 0  BacklogHigh: full\\u{1B}[2J");
        text[4].ShouldBe("lost      n3           2026-11-30 10:00:00Z  1 session kept there");
    }

    [Fact]
    public void Screen_NobodyAnswers_ShowsNoOldGoodWord()
    {
        var loss = new AddressLoss(Address, FeedLoss.Cut, "the feed broke off");
        var model = FleetModel.Of(new FleetFollowed(Two, Address, false, false))
            .Apply(new FleetLost(UnknownFleet.After(Two, FeedLoss.Cut, loss.ToString()), loss, [loss], TimeSpan.Zero));

        var text = Draw(model);

        text[0].ShouldStartWith(" UNKNOWN  fleet main not ready");
        text[1].ShouldBe("http://n1.test:9090: the feed broke off");
        text[3].ShouldBe("unknown   n1           unknown   Cut: http://n1.test:9090: the feed broke off");
        text.Take(5).ShouldAllBe(line => !line.StartsWith("ok"));
    }

    [Fact]
    public void Screen_ManyChanges_KeepsToTheTerminal()
    {
        var model = FleetModel.Of(new FleetFollowed(Two, Address, false, false));
        for (var i = 0; i < 300; i++)
        {
            model = model.Apply(new FleetChanged(Two, new FleetChange
            {
                Revision = 8 + i,
                Time = FleetText.Start,
                Change = FleetChangeKind.Transition,
                Node = "n2",
                From = HealthStatus.Ok,
                To = HealthStatus.Degraded,
                Status = HealthStatus.Degraded,
                Ready = true,
                Peer = FleetText.Node("n2"),
            }));
        }

        Draw(model).Count.ShouldBeLessThanOrEqualTo(20);
    }

    private static List<string> Draw(FleetModel model)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 120;
        console.Write(new FleetScreen(console, TimeProvider.System).Draw(model, 20));
        return [.. text.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd())];
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["watch", .. args], _console.Context, WatchCommand.Create(_console.Context));
}
