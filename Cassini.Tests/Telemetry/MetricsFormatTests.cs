using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cassini.Streams.Events;
using Cassini.Tests.Deploy;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Telemetry;

/// <summary>The three forms of /metrics.</summary>
public partial class MetricsFormatTests
{
    private const string OpenMetrics = "application/openmetrics-text";

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("*/*", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("image/png", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("this is no media type", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text;q=0.2, text/plain;q=0.9", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    [InlineData(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/json;q=0, */*", "text/plain; version=0.0.4; charset=utf-8")]
    public async Task Metrics_Accept_ChoosesTheForm(string? accept, string type)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.GetAsync("/metrics", accept);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe(type);
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        response.Headers.Vary.ShouldBe(["Accept"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(OpenMetrics)]
    [InlineData("application/json")]
    public async Task Metrics_Head_HasTheLengthAndNoBody(string? accept)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var response = await rig.SendAsync(HttpMethod.Head, "/metrics", accept);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentLength.ShouldNotBeNull().ShouldBeGreaterThan(1_000);
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task OpenMetrics_Counters_HaveTheirSuffixOnTheSampleOnly()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var text = await rig.GetTextAsync("/metrics", OpenMetrics);

        text.ShouldContain("# TYPE cassini_connections_accepted counter\ncassini_connections_accepted_total 0\n");
        text.ShouldContain("# TYPE cassini_received_bytes counter\n# UNIT cassini_received_bytes bytes\ncassini_received_bytes_total 0\n");
        text.ShouldEndWith("\n# EOF\n");
    }

    [Fact]
    public async Task Metrics_Histogram_HasCumulativeBucketsUpToInfinity()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"),
            new HandshakeCompleted(1, "alice", "TLS 1.3", TimeSpan.FromMilliseconds(3)),
            new ConnectionAccepted(2, Happened.Endpoint, "127.0.0.1:40001"),
            new HandshakeCompleted(2, "alice", "TLS 1.3", TimeSpan.FromMinutes(1)));
        var text = await rig.MetricsAsync("cassini_handshake_duration_seconds_count{protocol=\"TLS 1.3\"} 2\n", OpenMetrics);

        text.ShouldContain("# TYPE cassini_handshake_duration_seconds histogram\n# UNIT cassini_handshake_duration_seconds seconds\n");
        text.ShouldContain("\ncassini_handshake_duration_seconds_bucket{protocol=\"TLS 1.3\",le=\"0.0025\"} 0\n");
        text.ShouldContain("\ncassini_handshake_duration_seconds_bucket{protocol=\"TLS 1.3\",le=\"0.005\"} 1\n");
        text.ShouldContain("\ncassini_handshake_duration_seconds_bucket{protocol=\"TLS 1.3\",le=\"10.0\"} 1\n");
        text.ShouldContain("\ncassini_handshake_duration_seconds_bucket{protocol=\"TLS 1.3\",le=\"+Inf\"} 2\n");
        text.ShouldContain("\ncassini_handshake_duration_seconds_sum{protocol=\"TLS 1.3\"} 60.003\n");
    }

    [Fact]
    public async Task Json_Metrics_CarryTheRevisionOfHealth()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        using var json = JsonDocument.Parse(await rig.GetTextAsync("/metrics", "application/json"));

        json.RootElement.GetProperty("revision").GetInt64().ShouldBe(rig.Health.Current.Revision);
        json.RootElement.GetProperty("epoch").GetString().ShouldBe(rig.Health.Current.Epoch);
        var metrics = json.RootElement.GetProperty("metrics").EnumerateArray()
            .ToDictionary(metric => metric.GetProperty("name").GetString()!);
        metrics["cassini_health_revision"].GetProperty("samples")[0].GetProperty("value").GetInt64().ShouldBe(rig.Health.Current.Revision);
        metrics["cassini_connections"].GetProperty("samples")[0].GetProperty("labels").GetProperty("state").GetString()
            .ShouldBe("handshaking");
        metrics["cassini_received_bytes_total"].GetProperty("unit").GetString().ShouldBe("bytes");
    }

    [Fact]
    public async Task Metrics_Certificates_AreUnixTimesByRole()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var end = DateTimeOffset.UnixEpoch.AddSeconds(4_000_000_000);
        rig.Publish(Happened.Certificate(CertificateRole.Authority, end));

        (await rig.GetTextAsync("/metrics"))
            .ShouldContain("\ncassini_certificate_not_after_timestamp_seconds{role=\"authority\"} 4000000000\n");
    }

    [Fact]
    public async Task Metrics_OfTheProcess_AreThereUnderNamesOfTheField()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var text = await rig.GetTextAsync("/metrics");

        text.ShouldContain("# TYPE dotnet_process_cpu_time_seconds_total counter\n");
        text.ShouldMatch("\ndotnet_process_memory_working_set_bytes [1-9]");
        text.ShouldContain("\ndotnet_process_cpu_time_seconds_total{cpu_mode=\"user\"} ");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(OpenMetrics)]
    public async Task Metrics_OfTheProcess_HaveThePrometheusNames(string? accept)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var text = await rig.GetTextAsync("/metrics", accept);

        foreach (var name in new[]
        {
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_threads",
            "process_start_time_seconds", "process_open_fds", "process_max_fds",
        })
        {
            text.ShouldMatch($"\n{name} [1-9][0-9.E+]*\n|\n{name} 0\\.[0-9]+\n");
        }

        text.ShouldContain(accept is null ? "# TYPE process_cpu_seconds_total counter\n" : "# TYPE process_cpu_seconds counter\n");
        text.ShouldContain("# TYPE process_open_fds gauge\n");
    }

    /// <summary>.NET declares the threads of its pool, whose number falls too, as a counter.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    public async Task Metrics_Counters_AreThoseThatNeverFall(string? accept)
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var text = await rig.GetTextAsync("/metrics", accept);
        var counters = accept is null
            ? CounterLine().Matches(text).Select(match => match.Groups[1].Value)
            : JsonDocument.Parse(text).RootElement.GetProperty("metrics").EnumerateArray()
                .Where(metric => metric.GetProperty("type").GetString() == "counter")
                .Select(metric => metric.GetProperty("name").GetString()!);

        counters.Where(name => !name.StartsWith("cassini_", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ShouldBe(
        [
            "dotnet_gc_collections_total", "dotnet_gc_heap_total_allocated_bytes_total", "dotnet_gc_pause_time_seconds_total",
            "dotnet_monitor_lock_contentions_total", "dotnet_process_cpu_time_seconds_total", "process_cpu_seconds_total",
        ]);
        text.ShouldContain("dotnet_thread_pool_threads");
        text.ShouldContain("dotnet_thread_pool_queue_length");
    }

    [Fact]
    public async Task Metrics_Promtool_FindsNothingWrong()
    {
        using var directory = new TempDirectory();
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"), Happened.Completed(1));
        directory.Write("metrics", await rig.MetricsAsync("cassini_handshake_duration_seconds_count{protocol=\"TLS 1.3\"} 1\n"));
        var promtool = Programs.Require("promtool");

        var (code, said) = await DeployFiles.RunAsync("sh", directory.Path, "-c", $"{promtool} check metrics --extended < metrics");

        code.ShouldBe(0, said);
        said.ShouldNotContain("error");
    }

    [GeneratedRegex("^# TYPE ([^ ]+) counter$", RegexOptions.Multiline)]
    private static partial Regex CounterLine();
}
