using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;
using Cassini.Tests.Feed;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini wait --fleet N</c>.</summary>
public sealed class FleetWaitTests : IDisposable
{
    private static readonly FleetSnapshot Two = FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2"));
    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Wait_TheNodesAreReady_EndsWithALineForEach()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.FleetFeed(Two));

        (await RunAsync("--fleet", "2", server.Url)).ShouldBe(ExitCode.Ok);

        _console.Out.Lines.Count.ShouldBe(2);
        _console.Out.Lines[0].ShouldMatch(@"^n1: ready after \d+(\.\d)? s$");
        _console.Out.Lines[1].ShouldMatch(@"^n2: ready after \d+(\.\d)? s$");
        server.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task Wait_ANodeIsMissing_SaysSoAndEndsWhenItIsThere()
    {
        var joins = new TaskCompletionSource();
        await using var server = await FakeManagement.StartAsync(FakeManagement.FleetFeed(
            Two with { Tombstones = [FleetText.Tombstone("n3")] }, joins.Task,
            FleetText.Change(8, FleetText.Node("n3"), FleetChangeKind.Joined)));
        var waiting = RunAsync("--fleet", "3", server.Url);
        await _console.Out.LineAsync("what is missing", line => line == "the fleet: waiting: 1 node of 3 is missing: n3 is lost");
        waiting.IsCompleted.ShouldBeFalse();

        joins.SetResult();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines.Count.ShouldBe(4);
        _console.Out.Lines[^1].ShouldStartWith("n3: ready after ");
    }

    [Fact]
    public async Task Wait_TimesOut_SaysWhichNodeIsNotReadyAndWhy()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.FleetFeed(
            FleetText.Fleet(7, FleetText.Node("n1"), FleetText.Node("n2", ready: false))));

        (await RunAsync("--fleet", "3", server.Url, "--timeout", "2s")).ShouldBe(ExitCode.TimedOut);

        _console.Out.Lines.ShouldContain("n2: waiting: not ready: bind BindFailed: taken");
        _console.Error.Lines.ShouldBe(
            ["cassini: timed out after 2 s: n2: not ready: bind BindFailed: taken; 1 node of 3 is missing"]);
    }

    [Fact]
    public async Task Wait_TheFirstAddressDoesNotAnswer_IsSaidByTheNext()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.FleetFeed(Two));
        var nobody = $"127.0.0.1:{FreePort.Find()}";

        (await RunAsync("--fleet", "2", nobody, server.Url)).ShouldBe(ExitCode.Ok);

        _console.Out.Lines.Count.ShouldBe(3);
        _console.Out.Lines[0].ShouldBe($"{nobody}: waiting: not reachable (connection refused)");
        _console.Out.Lines[1].ShouldStartWith("n1: ready after ");
    }

    [Fact]
    public async Task Wait_ForOk_GoesOnWhileANodeIsDegradedOrLost()
    {
        var ok = new TaskCompletionSource();
        var slow = FleetText.Node("n2", failing: FleetText.Failing(CheckNames.Backlog, Reasons.BacklogHigh));
        var lost = FleetText.Fleet(7, FleetText.Node("n1"), slow) with { Tombstones = [FleetText.Tombstone("n3")] };
        await using var server = await FakeManagement.StartAsync(
            FakeManagement.FleetFeed(lost, ok.Task, FleetText.Snapshot(Two with { Revision = 9 })));
        var waiting = RunAsync("--fleet", "2", server.Url, "--for", "ok");
        await _console.Out.LineAsync("the node", line => line == "n2: waiting: not ok: backlog BacklogHigh: a message");
        await _console.Out.LineAsync("the lost one", line => line == "the fleet: waiting: not ok: n3 is lost");
        waiting.IsCompleted.ShouldBeFalse();

        ok.SetResult();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines[^1].ShouldStartWith("n2: ok after ");
    }

    [Fact]
    public async Task Wait_Json_IsOneObjectForEachChangeAndOneForTheEnd()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.FleetFeed(Two));

        (await RunAsync("--fleet", "2", server.Url, "--json")).ShouldBe(ExitCode.Ok);

        var lines = _console.Out.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Count.ShouldBe(3);
        lines[1].GetProperty("target").GetString().ShouldBe("n2");
        lines[1].GetProperty("holds").GetBoolean().ShouldBeTrue();
        lines[1].GetProperty("status").GetString().ShouldBe("ok");
        lines[1].GetProperty("phase").GetString().ShouldBe("ready");
        lines[2].GetProperty("outcome").GetString().ShouldBe("ready");
    }

    [Fact]
    public async Task Wait_ABrokerOnItsOwn_FailsAtOnce()
    {
        await using var server = await FakeManagement.StartAsync(
            FakeManagement.FleetFeed(FleetText.Fleet(1, FleetText.Node("n1")) with { Fleet = null }));

        (await RunAsync("--fleet", "2", server.Url, "--timeout", "0")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe(["cassini: n1 is a broker on its own and no node of a fleet, so there will not be 2 nodes"]);
    }

    [Fact]
    public async Task Wait_NoCredentials_SaysWhatIsMissingAndWhatGivesIt()
    {
        await using var server = await FakeManagement.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });

        (await RunAsync("--fleet", "2", server.Url)).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([
            $"cassini: {server.Url}: asks for credentials, and none were given (401 Unauthorized): "
            + "give --token-file FILE or CASSINI_MANAGEMENT_TOKEN_FILE, or --cert and --key for https"]);
    }

    [Theory]
    [InlineData("--fleet 0", "--fleet '0' is not a number of 1 or more")]
    [InlineData("--fleet 2 --for live", "--for live is for one broker: with --fleet it is ready or ok")]
    public async Task Wait_WrongUsage_IsNamed(string args, string expected)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Usage);

        _console.Error.ToString().ShouldContain(expected);
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["wait", .. args], _console.Context, WaitCommand.Create(_console.Context));
}
