using Cassini.Harness;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

/// <summary><c>cassini admin</c>: its words, and what a real broker does then.</summary>
public sealed class AdminTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestConsole _console = new();

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Fact]
    [StartsExecutable]
    public async Task Admin_ARealBroker_ShowsWhoHoldsWhatAndMakesRoom()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"]);
        var management = await cassini.ManagementAsync();
        var lines = await cassini.PasteableLinesAsync();
        var broker = lines.Select(line => line.Split(' ')).First(words => words.Contains("--broker")).SkipWhile(word => word != "--broker")
            .ElementAt(1);
        var published = await CassiniProcess.RunAsync(
            _directory.Path, ["pub", "old/1", "x", "--retain", "--qos", "1", "--broker", broker]);
        published.Code.ShouldBe(ExitCode.Ok, published.Error);
        await using var client = CassiniProcess.Start(_directory.Path, ["sub", "t", "--id", "reader", "--broker", broker]);
        await Eventually.BecomesAsync(
            "the client holds a session",
            async ValueTask<string> () =>
            {
                await RunAsync("identities", "--by", "sessions", "--management", management);
                return _console.Out.Lines[^2];
            },
            line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, "1", "of", _, "1", "of", ..]);
        var identity = _console.Out.Lines[^2].Split(' ')[0];

        // Until it was looked for retained messages, the subscription counts as one that waits.
        await Eventually.BecomesAsync(
            "the client has subscribed",
            async ValueTask<string> () =>
            {
                await RunAsync("sessions", "--search", "READ", "--sort=-queued", "--management", management);
                return _console.Out.Lines[^1];
            },
            line => line.Contains("connection  1              0 ", StringComparison.Ordinal));
        _console.Out.Lines[^2].ShouldBe(
            "client  identity  state      since                 expires              subscriptions  queued  in flight  dropped");
        _console.Out.Lines[^1].ShouldMatch(
            $"^reader  {identity} *  connected  [-0-9]{{10}} [:0-9]{{8}}Z  with its connection  1              0       0          0$");
        (await RunAsync("client", "reader", "--management", management)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines[^1].ShouldBe("subscription  t at QoS 0");
        (await RunAsync("sessions", "--state", "gone", "--management", management)).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldBe($"cassini: {management}: refused: 400 state=\"gone\" is none of connected, kept, slow");

        (await RunAsync("end-session", "reader", "--management", management)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines[^1].ShouldBe("1 session ended, 1 connection closed");
        (await RunAsync("purge-retained", "old/#", "--management", management)).ShouldBe(ExitCode.Ok);
        _console.Out.Lines[^1].ShouldBe("1 retained message removed");
        (await RunAsync("end-session", "nobody", "--management", management)).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldBe(
            $"cassini: {management}: refused: 404 there is no session of a client \"nobody\"");
        (await RunAsync("disconnect", "nobody/else", "--json", "--management", management)).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldBe($"cassini: {management}: refused: 404 \"nobody/else\" has no connection and no session");

        await using var another = CassiniProcess.Start(_directory.Path, ["sub", "t", "--broker", broker]);
        await Eventually.BecomesAsync(
            "all of its identity is disconnected",
            async ValueTask<int> () => await RunAsync("disconnect", identity, "--json", "--management", management),
            code => code == ExitCode.Ok);
        _console.Out.Lines[^1].ShouldStartWith($$"""{"action":"endIdentity","target":"{{identity}}",""");
        await cassini.Error.LineAsync(
            "the log says who asked",
            line => line.Contains("a caller without credentials from 127.0.0.1 asked for EndSession of reader", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ACTION 'retained' is not one of identities, sessions, client, end-session, disconnect, purge-retained", "retained")]
    [InlineData(
        "ACTION 'end-sesion' is not one of identities, sessions, client, end-session, disconnect, purge-retained: "
        + "did you mean 'end-session'?",
        "end-sesion", "a")]
    [InlineData("end-session needs a TARGET: a client identifier", "end-session")]
    [InlineData("disconnect needs a TARGET: an identity", "disconnect", "")]
    [InlineData("purge-retained needs a TARGET: a topic filter", "purge-retained")]
    [InlineData("identities takes no TARGET", "identities", "a")]
    [InlineData("--keep-sessions goes with disconnect alone", "end-session", "a", "--keep-sessions")]
    [InlineData("--by goes with identities alone", "disconnect", "a", "--by", "sessions")]
    [InlineData("--by goes with identities alone", "sessions", "--by", "sessions")]
    [InlineData("--search goes with sessions alone", "identities", "--search", "a")]
    [InlineData("--limit goes with identities and sessions alone", "client", "a", "--limit", "5")]
    [InlineData("client needs a TARGET: a client identifier", "client")]
    [InlineData("sessions takes no TARGET", "sessions", "a")]
    public async Task Admin_WrongWords_Is64(string sentence, params string[] args)
    {
        (await RunAsync(args)).ShouldBe(ExitCode.Usage);

        _console.Error.Lines.ShouldBe([$"cassini: {sentence}", "Try 'cassini admin --help'."]);
    }

    [Fact]
    public async Task Admin_NobodyAnswers_IsAnError()
    {
        var port = FreePort.Find();

        (await RunAsync("identities", "--management", $"127.0.0.1:{port}")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: 127.0.0.1:{port}: connection refused"]);
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(["admin", .. args], _console.Context, AdminCommand.Create(_console.Context));
}
