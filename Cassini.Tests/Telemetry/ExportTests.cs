using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Cassini.Tests.Telemetry;

/// <summary>The real executable with a real client, and a collector for what it exports.</summary>
[StartsExecutable]
public class ExportTests : IDisposable
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string SpanId = "00f067aa0ba902b7";

    private static readonly string[] FreePorts = ["--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"];
    private readonly TempDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Export_MessageOfATrace_KeepsItThroughTheBrokerToSubscriberCollectorAndLog()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var cassini = CassiniProcess.Start(
            _directory.Path,
            [.. FreePorts, "--set", "Telemetry:TraceRatio=1", "--log-format", "json", "--log-level", "debug"],
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer not-for-the-log"),
            ("OTEL_SERVICE_NAME", "edge-broker"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"));
        using var subscriber = await ConnectAsync(cassini, "subscriber");
        var received = new TaskCompletionSource<MqttApplicationMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        subscriber.ApplicationMessageReceivedAsync += message =>
        {
            received.TrySetResult(message.ApplicationMessage);
            return Task.CompletedTask;
        };
        await subscriber.SubscribeAsync("plant/+", cancellationToken: Token);
        using var publisher = await ConnectAsync(cassini, "publisher");

        await publisher.PublishAsync(
            new MqttApplicationMessageBuilder()
                .WithTopic("plant/1")
                .WithPayload("x")
                .WithUserProperty("traceparent", System.Text.Encoding.UTF8.GetBytes($"00-{TraceId}-{SpanId}-01"))
                .Build(),
            Token);
        var message = await Eventually.CompletesAsync("the message comes", received.Task);
        var publish = await collector.SpanAsync("publish");
        var deliver = await collector.SpanAsync("deliver");
        var connect = await collector.SpanAsync("connect", span => span.Attributes.GetValueOrDefault("messaging.client.id") == "publisher");
        var handshake = await collector.SpanAsync("handshake", span => span.ParentId == connect.SpanId);

        (publish.TraceId, publish.ParentId, publish.Service).ShouldBe((TraceId, SpanId, "edge-broker"));
        (deliver.TraceId, deliver.ParentId).ShouldBe((TraceId, publish.SpanId));
        handshake.TraceId.ShouldBe(connect.TraceId);
        message.UserProperties.Where(property => property.Name == "traceparent").Select(property => property.ReadValueAsString())
            .ShouldBe([$"00-{TraceId}-{publish.SpanId}-01"]);
        (await collector.MetricAsync("cassini.connections.accepted")).ShouldBe(("{connection}", true));
        (await collector.MetricAsync("cassini.handshake.duration")).ShouldBe(("s", false));
        (await collector.MetricAsync("process.cpu.time")).ShouldBe(("s", true));
        (await collector.MetricAsync("process.memory.usage")).ShouldBe(("By", false));
        (await collector.MetricAsync("dotnet.thread_pool.threads")).ShouldBe(("{thread}", false));
        (await collector.MetricAsync("dotnet.thread_pool.queue.length")).ShouldBe(("{work_item}", false));
        collector.Authorization.ShouldBe("Bearer not-for-the-log");

        var line = await cassini.Error.LineAsync(
            "the log line of the connection", text => text.Contains(connect.TraceId, StringComparison.Ordinal));
        using var json = JsonDocument.Parse(line);
        var scope = json.RootElement.GetProperty("Scopes").EnumerateArray().Single();
        (scope.GetProperty("TraceId").GetString(), scope.GetProperty("SpanId").GetString()).ShouldBe((connect.TraceId, connect.SpanId));
        cassini.Signal(ChildProcess.Terminate);
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(0);
        cassini.Error.ToString().ShouldNotContain("not-for-the-log");
    }

    [Fact]
    public async Task Export_CollectorIsAway_IsAWarningAndNoHarm()
    {
        await using var cassini = CassiniProcess.Start(
            _directory.Path,
            [
                .. FreePorts, "--log-format", "json",
                "--set", $"Telemetry:OtlpEndpoint=http://127.0.0.1:{FreePort.Find()}",
            ],
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"));

        await cassini.Error.LineAsync("the warning", text => text.Contains("Telemetry export fails", StringComparison.Ordinal));
        using var client = await ConnectAsync(cassini, "client");
        client.IsConnected.ShouldBeTrue();
        cassini.Signal(ChildProcess.Terminate);
        (await cassini.ExitCodeAsync("it stops")).ShouldBe(0);
    }

    [Theory]
    [InlineData("ftp://collector", "Telemetry:OtlpEndpoint: the value is not allowed; give an http or https URL")]
    [InlineData(
        "http://me:secret@collector",
        "Telemetry:OtlpEndpoint: a user name or password is not allowed; credentials go into OTEL_EXPORTER_OTLP_HEADERS")]
    public async Task Export_UnusableEndpoint_IsOneLineAndCode2(string endpoint, string complaint)
    {
        var (code, _, error) = await CassiniProcess.RunAsync(_directory.Path, FreePorts, ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));

        code.ShouldBe(2);
        error.ShouldBe($"cassini: {complaint} (OTEL_EXPORTER_OTLP_ENDPOINT)");
    }

    private async Task<IMqttClient> ConnectAsync(ChildProcess cassini, string clientId)
    {
        var address = (await cassini.StartedAsync()).Endpoints;
        var certificates = Path.Combine(_directory.Path, "cassini", "dev-certs");
        var certificate = X509Certificate2.CreateFromPemFile(
            Path.Combine(certificates, "client.pem"), Path.Combine(certificates, "client.key"));
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(
            new MqttClientOptionsBuilder()
                .WithTcpServer("localhost", int.Parse(address.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture))
                .WithProtocolVersion(MqttProtocolVersion.V500)
                .WithClientId(clientId)
                .WithTlsOptions(
                    tls => tls.UseTls().WithClientCertificates(new X509Certificate2Collection(certificate))
                        .WithCertificateValidationHandler(_ => true))
                .Build(),
            Token);
        return client;
    }
}
