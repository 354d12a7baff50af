using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Tls;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Systemd;

/// <summary>The real executable as systemd starts it: with the variables that it sets, and a real socket that listens.</summary>
[StartsExecutable]
public sealed class ServedBySystemdTests : IDisposable
{
    private static readonly string[] Quick =
        ["--management", "127.0.0.1:0", "--set", "Health:Hold=0", "--set", "Probing:CanaryInterval=200ms", "--enable-faults"];

    private const int Hangup = 1;

    private readonly TempDirectory _directory = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Start_Ready_IsNotifiedThenAndNotBefore()
    {
        await using var manager = Listen();
        await using var cassini = Start(manager, ["--bind", "127.0.0.1:0"]);

        var ready = await manager.MessageAsync("ready", "READY=1");

        ready.Split('\n')[0].ShouldStartWith("STATUS=ready, ");
        var before = manager.Messages.TakeWhile(message => message != ready).ToList();
        before.ShouldNotBeEmpty();
        before.ShouldAllBe(message => message.StartsWith("STATUS=") && message.Contains("not ready: "));
    }

    [Fact]
    public async Task Start_PortInUse_IsAStatusAndNotReadyUntilItIsFree()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var manager = Listen();
        await using var cassini = Start(manager, ["--bind", other.LocalEndpoint.ToString()!]);

        await manager.MessageAsync(
            "the reason", line => line.StartsWith("STATUS=ready, error, not ready: ") && line.Contains("bind BindFailed"));
        manager.Messages.ShouldAllBe(message => !message.Contains("READY=1"));

        other.Stop();
        await manager.MessageAsync("ready", "READY=1");
    }

    [Fact]
    public async Task Terminate_Ready_TellsStopping()
    {
        await using var manager = Listen();
        await using var cassini = Start(manager, ["--bind", "127.0.0.1:0"]);
        await manager.MessageAsync("ready", "READY=1");

        cassini.Signal(ChildProcess.Terminate);

        (await manager.MessageAsync("stopping", "STOPPING=1")).ShouldMatch(@"\nEXTEND_TIMEOUT_USEC=[1-9]\d{6,}$");
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Watchdog_StaleProjection_IsNotNotified()
    {
        await using var manager = Listen();
        await using var cassini = Start(
            manager,
            [
                "--bind", "127.0.0.1:0",
                "--set", "Health:Window=2s", "--set", "Health:LiveWindow=2s", "--set", "Probing:AcceptProbeTimeout=1s",
                "--set", "Probing:HeartbeatInterval=200ms",
            ],
            ("WATCHDOG_USEC", "100000"));
        await manager.MessageAsync("the first ping", "WATCHDOG=1");
        await manager.MessageAsync("ready", "READY=1");
        var management = await cassini.ManagementAsync();

        await PostAsync($"{management}/faults/stop-ticks");
        await manager.MessageAsync("it is dead", line => line.StartsWith("STATUS=ready, error, not live: "));
        var newest = await NewestAsync(management);
        await Eventually.BecomesAsync(
            "heartbeats show that many pings would have been due", () => NewestAsync(management), now => now > newest + 10);
        await PostAsync($"{management}/faults/resume");
        var count = manager.Messages.Count;
        await manager.MessageAsync("a ping again", "WATCHDOG=1", after: count);

        manager.Messages
            .SkipWhile(message => !message.Contains("not live"))
            .TakeWhile(message => !message.StartsWith("STATUS=") || message.Contains("not live"))
            .ShouldAllBe(message => message.StartsWith("STATUS="));
    }

    [Fact]
    public async Task Hangup_NewCertificate_IsTakenUpBetweenReloadingAndReady()
    {
        using var authority = new TestAuthority();
        var files = authority.Write(_directory.Path);
        await using var manager = Listen();
        await using var cassini = StartWith(manager, files);
        await manager.MessageAsync("ready", "READY=1");
        var endpoint = await EndpointAsync(await cassini.ManagementAsync());
        (await ServerNameAsync(endpoint)).ShouldBe("CN=localhost");

        using var renewed = authority.IssueServer("renewed");
        authority.Write(_directory.Path, renewed);
        var count = manager.Messages.Count;
        cassini.Signal(Hangup);

        (await manager.MessageAsync("reloading", "RELOADING=1", after: count)).ShouldMatch(@"\nMONOTONIC_USEC=\d+$");
        (await manager.MessageAsync("reloaded", "READY=1", after: count)).ShouldContain("STATUS=ready, ");
        (await ServerNameAsync(endpoint)).ShouldBe("CN=renewed");
    }

    [Fact]
    public async Task Hangup_UnusableCertificate_EndsTheReloadWithTheReason()
    {
        using var authority = new TestAuthority();
        var files = authority.Write(_directory.Path);
        await using var manager = Listen();
        await using var cassini = StartWith(manager, files);
        await manager.MessageAsync("ready", "READY=1");

        File.WriteAllText(files.ServerKeyPath, "no key");
        var count = manager.Messages.Count;
        cassini.Signal(Hangup);

        (await manager.MessageAsync("reloaded", "READY=1", after: count)).ShouldMatch(@"\nSTATUS=ready, .*certificate \w+: ");
        cassini.Signal(ChildProcess.Terminate);
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
    }

    [Theory]
    [InlineData("/nowhere/notify", "The service manager cannot be notified of STATUS=")]
    [InlineData("notify", "The service manager's settings cannot be used: NOTIFY_SOCKET=notify is neither a path")]
    public async Task Start_WrongSocket_IsLoggedOnceAndTheBrokerServes(string socket, string line)
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, [.. Quick, "--bind", "127.0.0.1:0"], ("NOTIFY_SOCKET", socket));
        using var ready = await _http.GetAsync($"{await cassini.ManagementAsync()}/readyz?wait=20s", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);

        cassini.Signal(ChildProcess.Terminate);

        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        cassini.Error.Lines.Count(logged => logged.Contains(line)).ShouldBe(1);
    }

    private NotifyReceiver Listen() => new(_directory.File("notify"));

    private ChildProcess StartWith(NotifyReceiver manager, TlsOptions files) => Start(manager, [
        "--bind", "127.0.0.1:0", "--ca", files.CaPath, "--cert", files.ServerChainPath, "--key", files.ServerKeyPath,
        "--set", "Tls:ReloadInterval=1h"]);

    private ChildProcess Start(NotifyReceiver manager, string[] flags, params (string, string)[] environment) =>
        CassiniProcess.Start(_directory.Path, [.. Quick, .. flags], [("NOTIFY_SOCKET", manager.Name), .. environment]);

    private async Task PostAsync(string address)
    {
        using var answer = await _http.PostAsync(address, null, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    private async Task<JsonElement> HealthAsync(string management) =>
        JsonDocument.Parse(await _http.GetStringAsync($"{management}/healthz", TestContext.Current.CancellationToken)).RootElement;

    private async Task<IPEndPoint> EndpointAsync(string management) =>
        IPEndPoint.Parse((await HealthAsync(management)).GetProperty("endpoints")[0].GetProperty("address").GetString()!);

    /// <summary>The sequence of the last event: while heartbeats are published it shows that time passes.</summary>
    private async ValueTask<long> NewestAsync(string management)
    {
        using var answer = await _http.GetAsync($"{management}/healthz", TestContext.Current.CancellationToken);
        var health = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return long.Parse(health.GetProperty("log").GetProperty("newestId").GetString()!.Split('-')[1]);
    }

    private static async Task<string> ServerNameAsync(IPEndPoint endpoint)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint);
        await using var stream = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync("localhost");
        return stream.RemoteCertificate!.Subject;
    }
}
