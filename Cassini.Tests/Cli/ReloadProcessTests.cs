using System.Text.Json;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary>The real executable takes up a changed settings file: at SIGHUP, and by itself.</summary>
[StartsExecutable]
public sealed class ReloadProcessTests : IDisposable
{
    private const int Hangup = 1;
    private const int Terminate = 15;
    private const string Narrow = """{ "Cassini": { "Broker": { "Access": ["deny subscribe * secret/#", "allow all * #"] } } }""";
    private readonly TempDirectory _directory = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Hangup_RuleTakesASubscription_EndsItAndTheSessionLives()
    {
        await using var cassini = Start("--set", "Tls:ReloadInterval=1h");
        var management = await StartedAsync(cassini);
        await using var subscriber = await SubscribeAsync(cassini, management);
        var session = await SessionAsync(management);

        // One that is wrong first: nothing changes, and health says so.
        _directory.Write("appsettings.json", Narrow.Replace("deny", "forbid", StringComparison.Ordinal));
        cassini.Signal(Hangup);
        await BecomesAsync($"{management}/healthz", "the new rules are refused", "ConfigurationRefused");
        (await GetAsync($"{management}/config")).ShouldContain("is neither allow nor deny");
        (await GetAsync($"{management}/subscriptions?topic=secret/x")).ShouldContain("secret/#");

        _directory.Write("appsettings.json", Narrow);
        cassini.Signal(Hangup);
        await BecomesAsync($"{management}/subscriptions?topic=secret/x", "the subscription ends", "\"subscriptions\":[]");

        (await SessionAsync(management)).ShouldBe(session);
        subscriber.Error.Lines.ShouldBeEmpty();
        await BecomesAsync($"{management}/config", "the rules are shown", "deny subscribe * secret/#");
        await cassini.Error.LineAsync("it is logged", line => line.Contains("[1221]: 2 access rules are in force: 1 subscriptions of 1"));
        await cassini.Error.LineAsync("what it took up", line => line.Contains("from now on: Broker:Access; after a restart: nothing"));
    }

    // A process that no longer listens to the signal would be ended by it, as if it had crashed.
    [Fact]
    public async Task Hangup_WhileItStops_DoesNotEndIt()
    {
        await using var cassini = Start();
        await StartedAsync(cassini);

        cassini.Signal(Terminate);
        await Eventually.HoldsAsync("it has ended", () => !cassini.TrySignal(Hangup));

        (await cassini.ExitCodeAsync("it has ended")).ShouldBe(0);
    }

    [Fact]
    public async Task FileChanges_WithoutASignal_IsTakenUp()
    {
        await using var cassini = Start("--set", "Tls:ReloadInterval=20ms");
        var management = await StartedAsync(cassini);
        await using var subscriber = await SubscribeAsync(cassini, management);

        _directory.Write("appsettings.json", Narrow);

        await BecomesAsync($"{management}/subscriptions?topic=secret/x", "the subscription ends", "\"subscriptions\":[]");
        subscriber.Error.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Hangup_CertificateIsRevoked_TellsItsClientAndEndsTheConnection()
    {
        await RunAsync("certs", "certs", "--client", "thief", "--client", "other");
        await RunAsync("certs", "certs", "--revoke", "other");
        await using var cassini = Start(
            "--ca", "certs/ca.pem", "--cert", "certs/server.pem", "--key", "certs/server.key", "--crl", "certs/ca.crl",
            "--set", "Tls:ReloadInterval=1h",
            "--set", "Probing:CanaryCertificatePath=certs/canary.pem", "--set", "Probing:CanaryKeyPath=certs/canary.key");
        var management = await StartedAsync(cassini);
        await using var thief = await SubscribeAsync(
            cassini, management, "--ca", "certs/ca.pem", "--cert", "certs/thief.pem", "--key", "certs/thief.key");

        await RunAsync("certs", "certs", "--revoke", "thief");
        cassini.Signal(Hangup);

        await thief.Error.LineAsync("the client is told why", line => line.Contains("not authorized", StringComparison.OrdinalIgnoreCase));
        (await thief.ExitCodeAsync("the client ends")).ShouldNotBe(0);
        await BecomesAsync(
            $"{management}/events?types=connection&since=2000-01-01T00:00:00Z", "it is an event", "\"reason\":\"certificateRevoked\"");
    }

    private async Task RunAsync(params string[] arguments)
    {
        var (code, _, error) = await CassiniProcess.RunAsync(_directory.Path, arguments);
        code.ShouldBe(0, error);
    }

    private ChildProcess Start(params IEnumerable<string> flags)
    {
        _directory.Write("appsettings.json", """{ "Cassini": {} }""");
        return CassiniProcess.Start(_directory.Path, ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0", .. flags]);
    }

    private async Task<string> StartedAsync(ChildProcess cassini)
    {
        var management = await cassini.ManagementAsync();
        using var ready = await _http.GetAsync($"{management}/readyz?wait=20s", TestContext.Current.CancellationToken);
        ready.IsSuccessStatusCode.ShouldBeTrue();
        return management;
    }

    private async Task<ChildProcess> SubscribeAsync(ChildProcess cassini, string management, params IEnumerable<string> flags)
    {
        var broker = cassini.Out.Lines.First(line => line.StartsWith("  broker", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var subscriber = CassiniProcess.Start(_directory.Path, ["sub", "secret/#", "--broker", broker, .. flags]);
        await BecomesAsync($"{management}/subscriptions?topic=secret/x", "it is subscribed", "secret/#");
        return subscriber;
    }

    /// <summary>The client and the connection of the one open session.</summary>
    private async Task<string> SessionAsync(string management)
    {
        using var json = JsonDocument.Parse(await GetAsync($"{management}/sessions?state=connected"));
        var session = json.RootElement.GetProperty("sessions").EnumerateArray().ShouldHaveSingleItem();
        return $"{session.GetProperty("clientId")} {session.GetProperty("connection")}";
    }

    private Task BecomesAsync(string url, string step, string part) => Eventually.BecomesAsync(
        step, async () => await GetAsync(url), answer => answer.Contains(part, StringComparison.Ordinal));

    private Task<string> GetAsync(string url) => _http.GetStringAsync(url, TestContext.Current.CancellationToken);
}
