using System.Net;
using System.Net.Sockets;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Cli;

public class WaitTests : IDisposable
{
    private const string NotReady = """
        { "status": "error", "checks": [
            { "name": "accept", "status": "ok", "reason": null, "message": null },
            { "name": "bind", "status": "error", "reason": "BindFailed", "message": "1 of 2 endpoints is not bound" } ] }
        """;

    private readonly TestConsole _console = new();
    private int _plainRequests;

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Wait_Ready_EndsAtOnce()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Json(200, """{ "status": "ok" }"""));

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
        await _console.Out.LineAsync("the refusal is told", line => line == $"{url}: waiting: not reachable (connection refused)");

        await using var server = await FakeManagement.StartAsync(FakeManagement.Json(200, """{ "status": "ok" }"""), port);

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines.Count.ShouldBe(2);
        _console.Out.Lines[1].ShouldStartWith($"{url}: ready after ");
    }

    [Fact]
    public async Task Wait_NotReady_SaysWhyAndLetsTheServerHoldTheRequest()
    {
        var ready = new TaskCompletionSource();
        var held = new TaskCompletionSource<string>();
        await using var server = await FakeManagement.StartAsync(async context =>
        {
            if (!context.Request.Query.ContainsKey("wait"))
            {
                await FakeManagement.Json(503, NotReady)(context);
                return;
            }

            held.TrySetResult(context.Request.Path + context.Request.QueryString);
            await ready.Task;
            await FakeManagement.Json(200, """{ "status": "ok" }""")(context);
        });

        var waiting = RunAsync(server.Url + "/");
        (await Eventually.CompletesAsync("a request that may be held", held.Task)).ShouldMatch(@"^/readyz\?wait=\d+ms$");
        ready.SetResult();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines[0].ShouldBe($"{server.Url}/: waiting: not ready: bind BindFailed: 1 of 2 endpoints is not bound");
        server.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task Wait_SameReasonAgain_IsToldOnce()
    {
        var requests = 0;
        await using var server = await FakeManagement.StartAsync(context =>
            FakeManagement.Json(Interlocked.Increment(ref requests) < 4 ? 503 : 200, requests < 4 ? NotReady : """{ "status": "ok" }""")(context));

        (await RunAsync(server.Url, "--interval", "10ms")).ShouldBe(ExitCode.Ok);

        _console.Out.Lines.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("--for ready", "/readyz")]
    [InlineData("--for live", "/livez")]
    [InlineData("--for ok", "/healthz")]
    public async Task Wait_Goal_AsksItsOwnProbe(string goal, string path)
    {
        await using var server = await FakeManagement.StartAsync(context =>
            FakeManagement.Json(context.Request.Path == path ? 200 : 404, """{ "status": "ok" }""")(context));

        (await RunAsync([server.Url, .. goal.Split(' ')])).ShouldBe(ExitCode.Ok);
    }

    [Theory]
    [InlineData("ready")]
    [InlineData("live")]
    public async Task Wait_Degraded_IsEnough(string goal)
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Json(200, """{ "status": "degraded" }"""));

        (await RunAsync(server.Url, "--for", goal)).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Wait_DegradedForOk_GoesOn()
    {
        var status = "degraded";
        await using var server = await FakeManagement.StartAsync(context =>
            FakeManagement.Json(200, $$"""{ "status": "{{status}}", "phase": "draining" }""")(context));
        var waiting = RunAsync(server.Url, "--for", "ok", "--interval", "10ms");
        await _console.Out.LineAsync("it is told", line => line == $"{server.Url}: waiting: not ok: the phase is draining");
        waiting.IsCompleted.ShouldBeFalse();

        status = "ok";

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
    }

    [Theory]
    [InlineData(200, "text/html", "<html>ok</html>", @"answers, but not as Cassini does \(200 text/html\)")]
    [InlineData(200, "text/plain", "ok", @"answers, but not as Cassini does \(200 text/plain\)")]
    [InlineData(200, "application/json", "[]", @"answers, but not as Cassini does \(200 application/json\)")]
    [InlineData(200, "application/json", "{", @"answers, but not as Cassini does \(200 application/json\)")]
    [InlineData(404, "application/json", """{ "status": "ok" }""", @"answers, but not as Cassini does \(404 application/json\)")]
    [InlineData(302, null, "", @"answers, but not as Cassini does \(302 without a body\)")]
    public async Task Wait_SomethingElseListens_SaysSoAndNeverTakesItForReady(int code, string? type, string body, string expected)
    {
        await using var server = await FakeManagement.StartAsync(async context =>
        {
            context.Response.StatusCode = code;
            context.Response.ContentType = type;
            context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(body, context.RequestAborted);
        });

        var waiting = RunAsync(server.Url, "--interval", "10ms");
        await Eventually.HoldsAsync("it is asked again", () => server.Requests >= 3);
        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
        _console.Out.Lines.ShouldHaveSingleItem().ShouldMatch($"^{server.Url}: waiting: {expected}$");
    }

    [Fact]
    public async Task Wait_ServerThatHoldsNoMoreRequests_IsAskedAgainAndAgain()
    {
        await using var server = await FakeManagement.StartAsync(async context =>
        {
            if (context.Request.Query.ContainsKey("wait"))
            {
                context.Response.StatusCode = 503;
                await context.Response.WriteAsync("too many waits", context.RequestAborted);
                return;
            }

            await FakeManagement.Json(_plainRequests++ < 3 ? 503 : 200, _plainRequests <= 3 ? NotReady : """{ "status": "ok" }""")(context);
        });

        (await RunAsync(server.Url, "--interval", "10ms")).ShouldBe(ExitCode.Ok);

        _console.Out.Lines.Count.ShouldBe(2);
        _console.Out.Lines[0].ShouldContain("waiting: not ready: bind BindFailed");
        server.Requests.ShouldBe(5);
    }

    [Fact]
    public async Task Wait_ReasonWithControlCharacters_IsShownWithoutThem()
    {
        await using var server = await FakeManagement.StartAsync(FakeManagement.Json(503, """{ "status": "error", "message": "a\u001b[2Jb\nc" }"""));
        var waiting = RunAsync(server.Url);

        await _console.Out.LineAsync("the reason", line => line == $"{server.Url}: waiting: not ready: a [2Jb c");
        await _console.InterruptAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
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

        await _console.Out.LineAsync("it is told", line => line == $"{url}: waiting: hung up without an answer");
        await _console.InterruptAsync();
        await enough.CancelAsync();

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Interrupted);
        await Should.ThrowAsync<OperationCanceledException>(hangUp);
    }

    [Fact]
    public async Task Wait_NobodyThere_TimesOut()
    {
        (await RunAsync($"http://127.0.0.1:{FreePort.Find()}", "--timeout", "150ms")).ShouldBe(ExitCode.TimedOut);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldBe("cassini: timed out after 0.2 s");
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
        await using var early = await FakeManagement.StartAsync(FakeManagement.Json(200, """{ "status": "ok" }"""));
        var waiting = RunAsync(early.Url, $"http://127.0.0.1:{late}");
        await _console.Out.LineAsync("one is ready", line => line.StartsWith($"{early.Url}: ready", StringComparison.Ordinal));
        waiting.IsCompleted.ShouldBeFalse();

        await using var second = await FakeManagement.StartAsync(FakeManagement.Json(200, """{ "status": "ok" }"""), late);

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Wait_TwoUrlsOfWhichTheFirstCeasesToHold_GoesOn()
    {
        var late = FreePort.Find();
        var firstIsReady = true;
        await using var first = await FakeManagement.StartAsync(context =>
            FakeManagement.Json(firstIsReady ? 200 : 503, firstIsReady ? """{ "status": "ok" }""" : NotReady)(context));
        var waiting = RunAsync(first.Url, $"http://127.0.0.1:{late}", "--interval", "10ms");
        await _console.Out.LineAsync("the first is ready", line => line.StartsWith($"{first.Url}: ready", StringComparison.Ordinal));

        firstIsReady = false;
        await using var second = await FakeManagement.StartAsync(FakeManagement.Json(200, """{ "status": "ok" }"""), late);
        await _console.Out.LineAsync("the first is waited for again", line => line.StartsWith($"{first.Url}: waiting: not ready", StringComparison.Ordinal));
        waiting.IsCompleted.ShouldBeFalse();
        firstIsReady = true;

        (await Eventually.CompletesAsync("the wait ends", waiting)).ShouldBe(ExitCode.Ok);
    }

    [Theory]
    [InlineData("http://a:1", "http://a:1/")]
    [InlineData("http://a:1/", "http://a:1/")]
    [InlineData("http://a:1/readyz", "http://a:1/")]
    [InlineData("https://[::1]:1/cassini/healthz/", "https://[::1]:1/cassini/")]
    public void WaitTarget_BaseOrProbe_IsItsBase(string text, string expected)
    {
        Web.Cli.Waiting.WaitTarget.TryParse(text, out var target, out _).ShouldBeTrue();
        target!.Management.ToString().ShouldBe(expected);
    }

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(["wait", .. args], _console.Context, WaitCommand.Create(_console.Context));

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
