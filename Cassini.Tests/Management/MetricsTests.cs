using System.Diagnostics;
using System.Text.RegularExpressions;
using Cassini.Management;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management;

public partial class MetricsTests
{
    [Fact]
    public async Task Metrics_Promtool_FindsNothingToSay()
    {
        var promtool = Programs.Require("promtool");
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"), Happened.Crashed(ComponentKind.Connection));
        var text = await rig.GetTextAsync("/metrics");

        using var process = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Eventually.CompletesAsync("promtool", process.WaitForExitAsync(TestContext.Current.CancellationToken));

        said.ShouldBeEmpty();
        process.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Metrics_AfterEvents_CountThem()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"),
            new ConnectionAccepted(2, Happened.Endpoint, "127.0.0.1:40001"),
            Happened.Refused(2, HandshakeFailure.ExpiredCertificate),
            Happened.Crashed(ComponentKind.Connection),
            Happened.BindFailed());
        var text = await rig.GetTextAsync("/metrics");

        text.ShouldContain("\ncassini_connections_accepted_total 2\n");
        text.ShouldContain("\ncassini_connections{state=\"handshaking\"} 1\n");
        text.ShouldContain("\ncassini_handshakes_failed_total{reason=\"expiredCertificate\"} 1\n");
        text.ShouldContain("\ncassini_crashes_total{component=\"connection\"} 1\n");
        text.ShouldContain("\ncassini_bind_failures_total 1\n");
        text.ShouldContain("\ncassini_ready 0\n");
        text.ShouldContain("\ncassini_live 1\n");
        text.ShouldContain("\ncassini_health_status{status=\"error\"} 1\n");
        text.ShouldContain("\ncassini_check_status{check=\"bind\",status=\"error\"} 1\n");
        text.ShouldContain("\ncassini_check_status{check=\"bind\",status=\"ok\"} 0\n");
        text.ShouldContain("\ncassini_check_reason{reason=\"BindFailed\"} 1\n");
        text.ShouldContain("\ncassini_check_reason{reason=\"ClusterOff\"} 1\n");
        text.ShouldContain("\ncassini_check_reason{reason=\"PeerLost\"} 0\n");
        text.ShouldContain("\ncassini_phase{phase=\"ready\"} 1\n");
        text.ShouldContain($"\ncassini_health_revision {rig.Health.Current.Revision}\n");
        text.ShouldContain($"\ncassini_events_total {rig.Hub.LastSequence}\n");
    }

    [Fact]
    public async Task Metrics_OfTheBroker_AreReadAtTheScrape()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var observing = rig.Broker.Observe("a/#").Subscribe(_ => { }, _ => { });
        await rig.Broker.PublishAsync(
            new MqttMessage { Topic = "a/b", Payload = "x"u8.ToArray(), Retain = true }, TestContext.Current.CancellationToken);
        var text = await rig.GetTextAsync("/metrics");

        text.ShouldContain("\ncassini_retained_messages 1\n");
        text.ShouldContain("\ncassini_subscriptions 1\n");
        text.ShouldContain("\ncassini_messages_received_total 0\n");
        text.ShouldContain("\ncassini_messages_dropped_total 0\n");
        text.ShouldContain("\ncassini_sessions{state=\"open\"} 0\n");
        text.ShouldContain("\ncassini_sessions{state=\"kept\"} 0\n");
        text.ShouldContain("\ncassini_access_denied_total 0\n");
        text.ShouldContain("\ncassini_protocol_violations_total 0\n");
        text.ShouldMatch("\ncassini_queued_bytes [1-9]");
    }

    [Fact]
    public async Task Metrics_OfAnotherProtocol_HaveNoFamiliesOfTheBroker()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        await using var app = ManagementApp.Create(
            rig.Managed with { Mqtt = null }, rig.Options, NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = ManagementApp.AddressOf(app) };

        (await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).ShouldNotContain("cassini_messages_received_total");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Metrics_TwoScrapes_HaveTheSameSeriesInTheSameOrder()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var first = Series(await rig.GetTextAsync("/metrics"));
        rig.Publish(Happened.BindFailed(), new TopicCreated("a"));

        Series(await rig.GetTextAsync("/metrics")).ShouldBe(first);
        first.ShouldBeUnique();
    }

    [Fact]
    public async Task Metrics_ContentType_IsTheTextFormats()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/metrics");

        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
    }

    private static string[] Series(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("dotnet_", StringComparison.Ordinal))
            .Select(line => line[0] == '#' ? line : Value().Replace(line, ""))];

    [GeneratedRegex(" [^ ]+$")]
    private static partial Regex Value();
}
