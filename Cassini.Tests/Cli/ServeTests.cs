using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cassini.Harness;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cli;

/// <summary>The real executable, from outside.</summary>
[StartsExecutable]
public class ServeTests : IDisposable
{
    private static readonly string[] FreePorts = ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"];
    private readonly TempDirectory _directory = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(ChildProcess.Terminate)]
    [InlineData(ChildProcess.Interrupt)]
    public async Task Serve_Signal_StopsGracefullyWithCode0(int signal)
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts);
        var management = await cassini.ManagementAsync();
        using var ready = await _http.GetAsync($"{management}/readyz?wait=20s", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.OK);

        cassini.Signal(signal);

        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        cassini.Error.Lines[^1].ShouldContain("stopped", Case.Insensitive);
        cassini.Error.ToString().ShouldNotContain("error", Case.Insensitive);
    }

    [Fact]
    public async Task Serve_OpenFeed_EndsWithByeAndDoesNotDelayTheStop()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts);
        using var feed = await _http.GetAsync(
            $"{await cassini.ManagementAsync()}/events", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var text = feed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        cassini.Signal(ChildProcess.Terminate);

        (await cassini.ExitCodeAsync("it stops")).ShouldBe(ExitCode.Ok);
        (await Eventually.CompletesAsync("the feed ends", text)).ShouldContain("event: bye");
    }

    [Fact]
    public async Task Serve_StartUpText_NamesWhatRunsWhere()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, [.. FreePorts, "--bind", "[::1]:0"]);
        await cassini.PasteableLinesAsync();

        var text = cassini.Out.ToString();
        text.ShouldMatch(@"^Cassini \d+\.\d+\.\d+, broker [^\n]+\n");
        text.ShouldMatch(@"broker +127\.0\.0\.1:\d+  bound");
        text.ShouldMatch(@"broker +\[::1\]:\d+  bound");
        text.ShouldMatch(@"dashboard +http://127\.0\.0\.1:[1-9]\d*\n");
        text.ShouldContain($"certificates  {Path.Combine(_directory.Path, "cassini", "dev-certs")}  for development only, made now\n");
    }

    [Fact]
    public async Task Serve_Again_KeepsItsCertificates()
    {
        await using (var first = CassiniProcess.Start(_directory.Path, FreePorts))
        {
            await first.PasteableLinesAsync();
        }

        await using var second = CassiniProcess.Start(_directory.Path, FreePorts);
        await second.PasteableLinesAsync();

        second.Out.ToString().ShouldContain("for development only\n");
    }

    [Fact]
    public async Task Serve_PastedOpenssl_OpensASession()
    {
        Programs.Require("openssl");
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts);
        var line = (await cassini.PasteableLinesAsync()).Single(line => line.StartsWith("openssl", StringComparison.Ordinal));

        await using var client = ChildProcess.Paste(line);
        var snapshot = await Eventually.BecomesAsync(
            "the session is counted",
            async () => await HealthAsync(await cassini.ManagementAsync()),
            health => health.GetProperty("activeListeners").GetInt64() == 1);

        snapshot.GetProperty("lastConnection").ValueKind.ShouldBe(JsonValueKind.String);
        await client.Error.LineAsync("it verified the broker", text => text.Contains("verify return:1", StringComparison.Ordinal));
        client.Error.ToString().ShouldNotContain("verify error");
    }

    [Fact]
    public async Task Serve_PastedCurls_Answer()
    {
        Programs.Require("curl");
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts);
        var lines = await cassini.PasteableLinesAsync();

        await using var ready = ChildProcess.Paste(lines.Single(line => line.Contains("/readyz", StringComparison.Ordinal)));
        (await ready.ExitCodeAsync("curl /readyz")).ShouldBe(0);
        ready.Out.ToString().ShouldBe("ok");

        await using var health = ChildProcess.Paste(lines.Single(line => line.Contains("/healthz", StringComparison.Ordinal)));
        (await health.ExitCodeAsync("curl /healthz")).ShouldBe(0);
        JsonDocument.Parse(health.Out.ToString()).RootElement.GetProperty("phase").GetString().ShouldBe("ready");

        await using var feed = ChildProcess.Paste(lines.Single(line => line.Contains("/events", StringComparison.Ordinal)));
        await feed.Out.LineAsync("the feed begins", line => line == "event: snapshot");
    }

    [Fact]
    public async Task Serve_BrokerPortInUse_StaysUpAndSaysSo()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var cassini = CassiniProcess.Start(
            _directory.Path,
            [
                "--bind", other.LocalEndpoint.ToString()!, "--management", "127.0.0.1:0",
                "--set", "Health:Hold=0", "--set", "Probing:CanaryInterval=200ms",
            ]);
        var management = await cassini.ManagementAsync();

        cassini.Out.ToString().ShouldContain($"{other.LocalEndpoint}  failed: address already in use; it is tried again");
        using var ready = await _http.GetAsync($"{management}/readyz", TestContext.Current.CancellationToken);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        other.Stop();
        using var later = await _http.GetAsync($"{management}/readyz?wait=20s", TestContext.Current.CancellationToken);
        later.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Serve_ManagementPortInUse_IsOneLineAndCode2()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, output, error) = await CassiniProcess.RunAsync(
            _directory.Path, ["--bind", "127.0.0.1:0", "--management", other.LocalEndpoint.ToString()!]);

        code.ShouldBe(ExitCode.Error);
        output.ShouldBeEmpty();
        error.ShouldBe(
            $"cassini: management cannot listen on {other.LocalEndpoint}: address already in use; "
            + "give another address with --management or CASSINI_MANAGEMENT_ADDR");
    }

    [Fact]
    public async Task Serve_StartFailsAtLogLevelDebug_LogsTheCauseToo()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, _, error) = await CassiniProcess.RunAsync(
            _directory.Path, ["--bind", "127.0.0.1:0", "--management", other.LocalEndpoint.ToString()!, "--log-level", "debug"]);

        code.ShouldBe(ExitCode.Error);
        error.ShouldContain($"cassini: management cannot listen on {other.LocalEndpoint}: address already in use; ");
        error.ShouldContain("System.Net.Sockets.SocketException", Case.Sensitive, "and where it came from");
    }

    [Fact]
    public async Task Serve_FaultsOffLoopback_IsOneLineAndCode2()
    {
        var (code, _, error) = await CassiniProcess.RunAsync(
            _directory.Path, ["--bind", "127.0.0.1:0", "--enable-faults"], ("CASSINI_MANAGEMENT_ADDR", "0.0.0.0:9090"));

        code.ShouldBe(ExitCode.Error);
        error.ShouldEndWith(
            "cassini: Management:EnableFaults: true is not allowed; rehearsals are for an open loopback address only (--enable-faults)");
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "garbage,,=x")]
    [InlineData("OTEL_EXPORTER_OTLP_CERTIFICATE", "missing.pem")]
    public async Task Serve_TelemetryThatCannotBeExported_IsOneLineAndCode2(string variable, string value)
    {
        var (code, _, error) = await CassiniProcess.RunAsync(
            _directory.Path, FreePorts, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), (variable, value));

        code.ShouldBe(ExitCode.Error);
        error.ShouldNotContain("   at ");
        error.Split('\n')[^1].ShouldStartWith("cassini: telemetry cannot be exported: ");
    }

    [Fact]
    public async Task Serve_TokenFileMissing_IsOneLineAndCode2()
    {
        var (code, _, error) = await CassiniProcess.RunAsync(
            _directory.Path, FreePorts, ("CASSINI_MANAGEMENT_TOKEN_FILE", "missing.txt"),
            ("CASSINI__Management__RequireCredentials", "true"));

        code.ShouldBe(ExitCode.Error);
        error.ShouldBe("cassini: Management:TokenPath: missing.txt: no such file (CASSINI_MANAGEMENT_TOKEN_FILE)");
    }

    [Fact]
    public async Task Serve_ManagementCertificateMissing_IsOneLineAndCode2()
    {
        await CassiniProcess.RunAsync(_directory.Path, ["certs", "."]);

        var (code, output, error) = await CassiniProcess.RunAsync(
            _directory.Path,
            [
                .. FreePorts, "--ca", "ca.pem", "--cert", "server.pem", "--key", "server.key", "--set", "Management:Https=true",
                "--set", "Tls:ManagementChainPath=missing.pem", "--set", "Tls:ManagementKeyPath=server.key",
            ]);

        code.ShouldBe(ExitCode.Error);
        output.ShouldBeEmpty();
        error.ShouldBe("cassini: Tls:ManagementChainPath: missing.pem: no such file (--set)");
    }

    [Fact]
    public async Task Serve_KeyOfAnotherCertificate_IsOneLineAndCode2()
    {
        await CassiniProcess.RunAsync(_directory.Path, ["certs", "."]);

        var (code, output, error) = await CassiniProcess.RunAsync(
            _directory.Path, [.. FreePorts, "--ca", "ca.pem", "--cert", "server.pem", "--key", "client.key"]);

        code.ShouldBe(ExitCode.Error);
        output.ShouldBeEmpty();
        error.Split('\n').ShouldHaveSingleItem().ShouldStartWith("cassini: Tls:ServerKeyPath: client.key: ");
    }

    [Fact]
    public async Task Serve_OwnCertificates_ServesWithThem()
    {
        await CassiniProcess.RunAsync(_directory.Path, ["certs", "my certs"]);
        await using var cassini = CassiniProcess.Start(
            _directory.Path, [.. FreePorts, "--ca", "my certs/ca.pem", "--cert", "my certs/server.pem", "--key", "my certs/server.key"]);

        (await cassini.PasteableLinesAsync())[^1].ShouldContain(
            $"-CAfile '{_directory.File("my certs/ca.pem")}' -cert CLIENT.pem -key CLIENT.key");
        cassini.Out.ToString().ShouldContain("certificates  my certs/server.pem, clients of my certs/ca.pem");
    }

    [Fact]
    public async Task Serve_UnknownVariable_IsAWarningLine()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts, ("CASSINI_PORT", "tcp://10.0.0.1:8883"));
        await cassini.PasteableLinesAsync();

        await cassini.Error.LineAsync("the warning", line => line.EndsWith(
            " warn  Server[2024]: CASSINI_PORT is a variable that Kubernetes makes for a service, and no setting: ignored; "
            + "enableServiceLinks: false in the pod prevents them", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_TelemetryEndpoint_IsInTheStartUpText()
    {
        await using var cassini = CassiniProcess.Start(
            _directory.Path, FreePorts, ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{FreePort.Find()}"));
        await cassini.PasteableLinesAsync();

        cassini.Out.ToString().ShouldMatch(@"telemetry +to http://127\.0\.0\.1:\d+\n");
    }

    [Fact]
    public async Task Serve_Log_HasTheFirstEvents()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, FreePorts);

        await cassini.Error.LineAsync("the first phase", line => line.EndsWith("phase Starting", StringComparison.Ordinal));
        await cassini.Error.LineAsync("the certificate", line => line.Contains("Server certificate CN=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_JsonLog_IsOneObjectPerLine()
    {
        await using var cassini = CassiniProcess.Start(_directory.Path, [.. FreePorts, "--log-format", "json"]);
        var line = await cassini.Error.LineAsync("a line of the log", line => line.Length > 0);

        JsonDocument.Parse(line).RootElement.GetProperty("Timestamp").GetString().ShouldEndWith("Z");
    }

    /// <summary>In a container both outputs go to one log, so the start-up text is an entry of the log too.</summary>
    [Fact]
    public async Task Serve_JsonLog_HasNothingThatIsNoJson()
    {
        await using var cassini = CassiniProcess.Start(
            _directory.Path, [.. FreePorts, "--log-format", "json", "--set", "Management:Name=shop-1"],
            ("CASSINI_PORT", "tcp://10.0.0.1:1"));
        var started = await cassini.Error.LineAsync("the start", line => line.Contains("\"EventId\":2027", StringComparison.Ordinal));
        cassini.Signal(ChildProcess.Terminate);
        await cassini.ExitCodeAsync("it stops");

        JsonDocument.Parse(started).RootElement.GetProperty("State").GetProperty("Name").GetString().ShouldBe("shop-1");
        cassini.Error.Lines.ShouldAllBe(line => JsonDocument.Parse(line, default).RootElement.ValueKind == JsonValueKind.Object);
        cassini.Error.ToString().ShouldNotContain("\\u2192");
        cassini.Out.ToString().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("--management", "127.0.0.1:0", "--set", "Listener:Backlog=0")]
    [InlineData("--management", "192.0.2.1:9090", "--set", "Management:TokenPath=missing")]
    public async Task Serve_JsonLogAndAStartThatFails_SaysSoAsJson(params string[] more)
    {
        var (code, output, error) = await CassiniProcess.RunAsync(
            _directory.Path, ["--bind", "127.0.0.1:0", "--log-format", "json", .. more]);

        code.ShouldBe(ExitCode.Error);
        output.ShouldBeEmpty();
        var last = JsonDocument.Parse(error.Split('\n')[^1]).RootElement;
        last.GetProperty("EventId").GetInt32().ShouldBe(2023);
        error.Split('\n').ShouldAllBe(line => JsonDocument.Parse(line, default).RootElement.ValueKind == JsonValueKind.Object);
    }

    [Fact]
    public async Task Run_WrongUsage_Is64FromTheRealExecutable() =>
        (await CassiniProcess.RunAsync(_directory.Path, ["srve"])).Code.ShouldBe(ExitCode.Usage);

    [Fact]
    public async Task Wait_ForTheRealServer_EndsWhenItIsReady()
    {
        var management = $"127.0.0.1:{FreePort.Find()}";
        await using var wait = CassiniProcess.Start(_directory.Path, ["wait", $"http://{management}", "--for", "ok"]);
        await wait.Out.LineAsync("it waits", line => line.Contains("connection refused", StringComparison.Ordinal));

        // On a busy machine round trips are slow, which is no less ready but not ok.
        await using var cassini = CassiniProcess.Start(
            _directory.Path,
            ["--bind", "127.0.0.1:0", "--management", management, "--set", "Health:SlowCanary=1m", "--set", "Health:SlowRoundTrip=1m"]);

        (await wait.ExitCodeAsync("the wait ends")).ShouldBe(ExitCode.Ok);
        wait.Out.ToString().ShouldContain($"http://{management}: ok after ");
    }

    [Fact]
    public async Task Wait_CtrlC_Is130()
    {
        await using var wait = CassiniProcess.Start(_directory.Path, ["wait", $"http://127.0.0.1:{FreePort.Find()}", "--timeout", "0"]);
        await wait.Out.LineAsync("it waits", line => line.Contains("connection refused", StringComparison.Ordinal));

        wait.Signal(ChildProcess.Interrupt);

        (await wait.ExitCodeAsync("the wait ends")).ShouldBe(ExitCode.Interrupted);
    }

    /// <summary>The snapshot, with whatever code it comes: right after the start not every check has its evidence yet.</summary>
    private async Task<JsonElement> HealthAsync(string management)
    {
        using var response = await _http.GetAsync($"{management}/healthz", TestContext.Current.CancellationToken);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
    }
}
