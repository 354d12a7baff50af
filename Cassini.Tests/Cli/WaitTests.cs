using System.Net;
using System.Net.Sockets;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Tests.Feed;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Cli;

public class WaitTests : IDisposable
{
    private static readonly HealthSnapshot Ready = FeedText.Health();

    private static readonly HealthSnapshot NotReady = FeedText.Health(
        ready: false,
        checks:
        [
            FeedText.Check("accept", HealthStatus.Ok),
            FeedText.Check("bind", HealthStatus.Error, "BindFailed", "1 of 2 endpoints is not bound"),
        ]);

    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Wait_Ready_EndsAtOnce()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(Ready));

        (await RunAsync(server.Url)).ShouldBe(ExitCode.Ok);

        _console.Out.Lines.ShouldHaveSingleItem().ShouldMatch($@"^{server.Url}: ready after \d+(\.\d)? s$");
        server.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task Wait_ServerThatComesLate_IsWaitedFor()
    {
        var port = FreePort.Find();
        var url = $"http://127.0.0.1:{port}";
        var waiting = RunAsync(url);
        await _console.Out.LineAsync("the refusal is reported", line => line == $"{url}: waiting: not reachable (connection refused)");

        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(Ready), port);

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines.Count.ShouldBe(2);
        _console.Out.Lines[1].ShouldStartWith($"{url}: ready after ");
    }

    [Fact]
    public async Task Wait_NotReady_SaysWhyAndEndsWithTheTransition()
    {
        var ready = new TaskCompletionSource();
        await using var server = await FakeManagement.StartAsync(
            FakeManagement.Feed(NotReady, ready.Task, FeedText.Transition(12, ready: true)));

        var waiting = RunAsync(server.Url + "/");
        await _console.Out.LineAsync(
            "the reason", line => line == $"{server.Url}/: waiting: not ready: bind BindFailed: 1 of 2 endpoints is not bound");
        waiting.IsCompleted.ShouldBeFalse();
        ready.SetResult();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines.Count.ShouldBe(2);
        server.Requests.ShouldBe(1);
    }

    [Theory]
    [InlineData("ready")]
    [InlineData("live")]
    public async Task Wait_Degraded_IsEnough(string goal)
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(FeedText.Health(status: HealthStatus.Degraded)));

        (await RunAsync(server.Url, "--for", goal)).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Wait_LiveAndNotReady_IsEnoughForLive()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(NotReady));

        (await RunAsync(server.Url, "--for", "live")).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Wait_DegradedForOk_GoesOn()
    {
        var ok = new TaskCompletionSource();
        var draining = FeedText.Health(status: HealthStatus.Degraded) with { Phase = Phase.Draining };
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(draining, ok.Task, FeedText.Snapshot(Ready)));
        var waiting = RunAsync(server.Url, "--for", "ok");
        await _console.Out.LineAsync("it is reported", line => line == $"{server.Url}: waiting: not ok: the phase is draining");
        waiting.IsCompleted.ShouldBeFalse();

        ok.SetResult();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
    }

    [Theory]
    [InlineData(200, "text/html", "<html>ok</html>", @"answers, but not as Cassini does \(200 text/html\)")]
    [InlineData(200, "text/plain", "ok", @"answers, but not as Cassini does \(200 text/plain\)")]
    [InlineData(200, "text/event-stream", "data: ready\n\n", @"answers, but not as Cassini does \(a feed that begins with 'message'\)")]
    [InlineData(404, "application/json", "{}", @"answers, but not as Cassini does \(404 application/json\)")]
    [InlineData(302, null, "", @"answers, but not as Cassini does \(302 without a body\)")]
    [InlineData(503, "text/plain", "too many feeds\u001b[2J", @"serves no feed now \(503: too many feeds\\u\{1B}\[2J\)")]
    public async Task Wait_SomethingElseListens_SaysSoAndNeverTakesItForReady(int code, string? type, string body, string expected)
    {
        await using var server = await FakeManagement.StartAsync(async context =>
        {
            context.Response.StatusCode = code;
            context.Response.ContentType = type;
            context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(body, context.RequestAborted);
        });

        var waiting = RunAsync(server.Url);
        await Eventually.HoldsAsync("it is asked again", () => server.Requests >= 3);
        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
        _console.Out.Lines.ShouldHaveSingleItem().ShouldMatch($"^{server.Url}: waiting: {expected}$");
    }

    /// <summary>The port for MQTT clients does this to an HTTP request.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wait_ConnectionClosedOnTheRequest_SaysWhichPortItMayBe(bool isReset)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var closing = CloseOnDataAsync(listener, isReset);
        var url = $"http://{listener.LocalEndpoint}";
        var waiting = RunAsync(url);

        await _console.Out.LineAsync("it says so", line => line == $"{url}: waiting: closes the connection when it is asked over HTTP; "
            + "perhaps it speaks TLS, as the port for MQTT clients does");

        await _console.InterruptAsync();
        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
        listener.Stop();
        await Eventually.CompletesAsync("the listener ends", closing);
    }

    [Fact]
    public async Task Wait_HttpsOfAPortWithoutTls_SaysThatItIsNone()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(FeedText.Health()));
        var url = server.Url.Replace("http:", "https:", StringComparison.Ordinal);

        var code = await RunAsync(url, "--timeout", "1s");

        code.ShouldNotBe(ExitCode.Ok);
        $"{_console.Out}\n{_console.Error}".ShouldContain($"{url}: waiting: answers without TLS; perhaps it is http, not https");
    }

    private static async Task CloseOnDataAsync(TcpListener listener, bool isReset)
    {
        try
        {
            while (true)
            {
                using var peer = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
                await peer.ReceiveAsync(new byte[16_384], TestContext.Current.CancellationToken);
                peer.LingerState = new LingerOption(isReset, 0);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or InvalidOperationException)
        {
            // The listener was stopped, while it accepted or between two.
        }
    }

    [Theory]
    [InlineData(401, "does not accept the credentials (401 ")]
    [InlineData(403, "refuses this client (403 ")]
    public async Task Wait_CredentialsRefused_FailsAtOnce(int code, string words)
    {
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("token"), "secret\n", TestContext.Current.CancellationToken);
        string? shown = null;
        await using var server = await FakeManagement.StartAsync(context =>
        {
            shown = context.Request.Headers.Authorization;
            context.Response.StatusCode = code;
            return Task.CompletedTask;
        });

        (await RunAsync(server.Url, "--token-file", directory.File("token"))).ShouldBe(ExitCode.Error);

        shown.ShouldBe("Bearer secret");
        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith($"cassini: {server.Url}: {words}");
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("watch")]
    public async Task Feed_NoCredentials_SaysWhatIsMissingAndWhatGivesIt(string command)
    {
        await using var server = await FakeManagement.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync("credentials are needed\n", context.RequestAborted);
        });

        (await RunAsync(command, server.Url)).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([
            $"cassini: {server.Url}: asks for credentials, and none were given (401 Unauthorized): credentials are needed: "
            + "give --token-file FILE or CASSINI_MANAGEMENT_TOKEN_FILE, or --cert and --key for https"]);
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("watch")]
    public async Task Feed_TokenFileOfTheEnvironment_IsUsedUnlessTheFlagNamesAnother(string command)
    {
        using var directory = new TempDirectory();
        directory.Write("rotated", "\n# of this month\n#the-one-before\nnew\nold\n");
        directory.Write("other", "other");
        var shown = new List<string?>();
        await using var server = await FakeManagement.StartAsync(context =>
        {
            shown.Add(context.Request.Headers.Authorization);
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        _console.Environment["CASSINI_MANAGEMENT_TOKEN_FILE"] = directory.File("rotated");

        await RunAsync(command, server.Url);
        await RunAsync(command, server.Url, "--token-file", directory.File("other"));

        shown.ShouldBe(["Bearer new", "Bearer other"]);
        _console.Error.Lines.ShouldAllBe(
            line => line.EndsWith("does not accept the credentials (401 Unauthorized)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wait_TokenFileOfTheEnvironmentMissing_IsNamed()
    {
        _console.Environment["CASSINI_MANAGEMENT_TOKEN_FILE"] = "none";

        (await RunAsync("wait", "http://127.0.0.1:1")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldMatch("^cassini: CASSINI_MANAGEMENT_TOKEN_FILE: .*none: no such file$");
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("watch")]
    public async Task Feed_HostAndPort_IsEnough(string command)
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(Ready));
        var address = server.Url["http://".Length..];

        var running = RunAsync(command, address);
        await _console.Out.LineAsync("it is reached", line => line.Contains("ready", StringComparison.Ordinal));
        await _console.InterruptAsync();

        await Eventually.CompletesAsync("it ends", running);
        server.Requests.ShouldBe(1);
        if (command == "wait")
        {
            _console.Out.Lines[0].ShouldStartWith($"{address}: ready after ");
        }
    }

    [Fact]
    public async Task Wait_WithoutUrl_IsForTheCassiniOfThisMachine()
    {
        await RunAsync("wait", "--timeout", "1ms");

        $"{_console.Out} {_console.Error}".ShouldContain("http://127.0.0.1:9090: ");
    }

    [Fact]
    public async Task Wait_BrokerThatGaveUp_FailsAtOnce()
    {
        var given = FeedText.Health(
            ready: false, checks: [FeedText.Check("supervision", HealthStatus.Error, "GaveUp", "ListenerManager was given up")]);
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(given));

        (await RunAsync(server.Url, "--timeout", "0")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldBe($"cassini: {server.Url}: supervision GaveUp: ListenerManager was given up");
    }

    [Theory]
    [InlineData("--token-file none", "cassini: --token-file: .*none: no such file")]
    [InlineData("--ca none", "cassini: --ca: .*none: no such file")]
    [InlineData("--cert none --key none", "cassini: --cert: .*none: no such file")]
    public async Task Wait_FileThatCannotBeUsed_IsNamed(string args, string expected)
    {
        (await RunAsync(["http://127.0.0.1:1", .. args.Split(' ')])).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldMatch(expected);
    }

    [Fact]
    public async Task Wait_ReasonWithControlCharacters_IsShownWithoutThem()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Feed(
            FeedText.Health(ready: false, checks: [FeedText.Check("bind", HealthStatus.Error, "Odd", "a\u001b[2Jb\nc")])));
        var waiting = RunAsync(server.Url);

        await _console.Out.LineAsync("the reason", line => line == $"{server.Url}: waiting: not ready: bind Odd: a\\u{{1B}}[2Jb\\nc");
        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
    }

    [Fact]
    public async Task Wait_Json_IsOneObjectForEachChangeAndOneForTheEnd()
    {
        var ready = new TaskCompletionSource();
        await using var server = await FakeManagement.StartAsync(
            FakeManagement.Feed(NotReady, ready.Task, FeedText.Transition(12, ready: true)));
        var waiting = RunAsync(server.Url, "--json");
        await _console.Out.LineAsync("the reason", line => line.Contains("BindFailed", StringComparison.Ordinal));
        ready.SetResult();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);

        var lines = _console.Out.Lines.Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement).ToList();
        lines.Count.ShouldBe(3);
        lines[0].GetProperty("target").GetString().ShouldBe(server.Url);
        lines[0].GetProperty("ready").GetBoolean().ShouldBeFalse();
        lines[0].GetProperty("status").GetString().ShouldBe("error");
        lines[1].GetProperty("ready").GetBoolean().ShouldBeTrue();
        lines[2].GetProperty("outcome").GetString().ShouldBe("ready");
    }

    [Fact]
    public async Task Wait_PortThatHangsUp_SaysSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var enough = new CancellationTokenSource();
        var hangUp = HangUpAsync(listener, enough.Token);
        var url = $"http://{listener.LocalEndpoint}";
        var waiting = RunAsync(url);

        await _console.Out.LineAsync("it is reported", line => line == $"{url}: waiting: closes the connection when it is asked over HTTP; "
            + "perhaps it speaks TLS, as the port for MQTT clients does");
        await _console.InterruptAsync();
        await enough.CancelAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
        await Should.ThrowAsync<OperationCanceledException>(hangUp);
    }

    [Fact]
    public async Task Wait_NothingListens_TimesOut()
    {
        (await RunAsync($"http://127.0.0.1:{FreePort.Find()}", "--timeout", "150ms")).ShouldBe(ExitCode.TimedOut);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldMatch("^cassini: timed out after 0.15 s: http://127.0.0.1:.*not reach");
    }

    [Fact]
    public async Task Wait_Interrupted_Is130()
    {
        var waiting = RunAsync($"http://127.0.0.1:{FreePort.Find()}", "--timeout", "0");
        await _console.Out.LineAsync("it waits", line => line.Contains("connection refused", StringComparison.Ordinal));

        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
    }

    [Fact]
    public async Task Wait_TwoUrls_HoldsWhenBothDo()
    {
        var late = FreePort.Find();
        await using var early = await FakeManagement.StartAsync(FakeManagement.Feed(Ready));
        var waiting = RunAsync(early.Url, $"http://127.0.0.1:{late}");
        await _console.Out.LineAsync("one is ready", line => line.StartsWith($"{early.Url}: ready", StringComparison.Ordinal));
        waiting.IsCompleted.ShouldBeFalse();

        await using var second = await FakeManagement.StartAsync(FakeManagement.Feed(Ready), late);

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Wait_TwoUrlsOfWhichTheFirstCeasesToHold_GoesOn()
    {
        var late = FreePort.Find();
        var turns = new TaskCompletionSource();
        await using var first = await FakeManagement.StartAsync(FakeManagement.Feed(
            Ready, turns.Task, FeedText.Transition(12, ready: false)));
        var waiting = RunAsync(first.Url, $"http://127.0.0.1:{late}");
        await _console.Out.LineAsync("the first is ready", line => line.StartsWith($"{first.Url}: ready", StringComparison.Ordinal));

        turns.SetResult();
        await _console.Out.LineAsync(
            "the first is waited for again", line => line.StartsWith($"{first.Url}: waiting: not ready", StringComparison.Ordinal));
        await using var second = await FakeManagement.StartAsync(FakeManagement.Feed(Ready), late);
        await _console.Out.LineAsync(
            "the second is ready", line => line.StartsWith($"http://127.0.0.1:{late}: ready", StringComparison.Ordinal));

        waiting.IsCompleted.ShouldBeFalse();
        await _console.InterruptAsync();
        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
    }

    [Theory]
    [InlineData("http://a:1", "http://a:1/")]
    [InlineData("http://a:1/", "http://a:1/")]
    [InlineData("http://a:1/readyz", "http://a:1/")]
    [InlineData("https://[::1]:1/cassini/healthz/", "https://[::1]:1/cassini/")]
    public void WaitTarget_BaseOrProbe_IsItsBase(string text, string expected)
    {
        ManagementAddress.TryParse(text, out var target, out _).ShouldBeTrue();
        target!.Management.ToString().ShouldBe(expected);
    }

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(
        args is ["wait" or "watch", ..] ? args : ["wait", .. args],
        _console.Context,
        WaitCommand.Create(_console.Context),
        WatchCommand.Create(_console.Context));

    private static async Task HangUpAsync(TcpListener listener, CancellationToken cancellation)
    {
        var request = new byte[1024];
        while (true)
        {
            using var client = await listener.AcceptSocketAsync(cancellation);
            await client.ReceiveAsync(request, SocketFlags.None, cancellation);
        }
    }
}
