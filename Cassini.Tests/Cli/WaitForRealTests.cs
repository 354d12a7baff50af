using System.Net;
using System.Net.Sockets;
using Cassini.Harness;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini wait</c> on the real executable: late, never, crashed, drained.</summary>
[StartsExecutable]
public sealed class WaitForRealTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestConsole _console = new();

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Wait_BrokerWhosePortIsTaken_WaitsUntilItIsFree()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var cassini = CassiniProcess.Start(
            _directory.Path, ["--bind", taken.LocalEndpoint.ToString()!, "--management", "127.0.0.1:0"],
            ("CASSINI__Listener__MaxBindRetryDelay", "250ms"));
        var waiting = RunAsync(await cassini.ManagementAsync());
        await _console.Out.LineAsync("the reason", line => line.Contains("bind BindFailed: ", StringComparison.Ordinal));
        waiting.IsCompleted.ShouldBeFalse();

        taken.Stop();

        (await Eventually.CompletesAsync("the wait", waiting, TimeSpan.FromSeconds(60))).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Wait_BrokerThatNeverIsReady_TimesOutWithTheReason()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var cassini = CassiniProcess.Start(
            _directory.Path, ["--bind", taken.LocalEndpoint.ToString()!, "--management", "127.0.0.1:0"]);
        var management = await cassini.ManagementAsync();

        (await RunAsync(management, "--timeout", "3s")).ShouldBe(ExitCode.TimedOut);

        _console.Error.Lines.ShouldHaveSingleItem()
            .ShouldMatch($"^cassini: timed out after 3 s: {management}: bind BindFailed: .*AddressAlreadyInUse");
    }

    [Fact]
    public async Task Wait_BrokerThatCrashes_IsSeenThroughItAndOut()
    {
        await using var cassini = CassiniProcess.Start(
            _directory.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", "--enable-faults"],
            ("CASSINI__Health__Hold", "3s"), ("CASSINI__Health__CrashWindow", "3s"));
        var management = await cassini.ManagementAsync();
        (await RunAsync(management)).ShouldBe(ExitCode.Ok);
        using var http = new HttpClient();
        using var accepted = await http.PostAsync($"{management}/faults/crash-manager", null, TestContext.Current.CancellationToken);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.BecomesAsync(
            "the crash",
            async () => (await http.GetAsync($"{management}/healthz", TestContext.Current.CancellationToken)).StatusCode,
            code => code == HttpStatusCode.ServiceUnavailable);

        (await Eventually.CompletesAsync("well again", RunAsync(management, "--for", "ok"), TimeSpan.FromSeconds(60)))
            .ShouldBe(ExitCode.Ok);

        _console.Out.Lines.ShouldContain(line => line.Contains("waiting: not ok: supervision ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wait_BrokerThatStopsAndIsStartedAgain_GoesOnWithTheNextRun()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = FreePort.Find();
        string[] args = ["--bind", taken.LocalEndpoint.ToString()!, "--management", $"127.0.0.1:{port}"];
        Task<int> waiting;
        await using (var first = CassiniProcess.Start(_directory.Path, args))
        {
            waiting = RunAsync(await first.ManagementAsync());
            await _console.Out.LineAsync("the reason", line => line.Contains("bind BindFailed: ", StringComparison.Ordinal));
            first.Signal(ChildProcess.Terminate);
            await _console.Out.LineAsync("the goodbye", line => line.EndsWith(": waiting: has stopped", StringComparison.Ordinal));
            (await first.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        }

        waiting.IsCompleted.ShouldBeFalse();
        taken.Stop();
        await using var second = CassiniProcess.Start(_directory.Path, args);

        (await Eventually.CompletesAsync("the wait", waiting, TimeSpan.FromSeconds(60))).ShouldBe(ExitCode.Ok);
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["wait", .. args], _console.Context, WaitCommand.Create(_console.Context));
}
