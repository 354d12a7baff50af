using System.Globalization;
using System.Text.Json;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Tests.Cli;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Telemetry;

/// <summary>A real Prometheus scrapes a real broker.</summary>
public class PrometheusTests
{
    [Fact]
    public async Task Prometheus_ScrapesTheBroker_AndAnswersQueries()
    {
        var prometheus = Programs.Require("prometheus");
        await using var broker = await RunningBroker.ServingMqttAsync();
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Mqtt), new ManagementOptions { Address = "127.0.0.1:0" },
            NullLoggerFactory.Instance, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var directory = new TempDirectory();
        directory.Write("prometheus.yml", $$"""
            global: { scrape_interval: 250ms, scrape_timeout: 250ms }
            scrape_configs:
              - job_name: cassini
                static_configs: [ { targets: [ '127.0.0.1:{{ManagementApp.AddressOf(app).Port}}' ] } ]
            """);
        var port = FreePort.Find();
        await using var server = ChildProcess.Start(
            prometheus,
            [
                $"--config.file={directory.File("prometheus.yml")}", $"--storage.tsdb.path={directory.File("data")}",
                $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
            ],
            directory.Path,
            []);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        await AnswersAsync("up", value => value == 1);
        await AnswersAsync("cassini_ready", value => value == 1);
        await AnswersAsync("rate(cassini_events_total[1m])", value => value > 0);
        await AnswersAsync("histogram_quantile(0.9, rate(cassini_heartbeat_duration_seconds_bucket[1m]))", value => value > 0);
        await AnswersAsync("cassini_certificate_not_after_timestamp_seconds{role=\"server\"} - time()", value => value > 0);
        await AnswersAsync("count(cassini_check_status == 1)", value => value == broker.Now.Checks.Length);

        // It asks for OpenMetrics, and reads the type and help of every family.
        using var metadata = JsonDocument.Parse(await http.GetStringAsync("/api/v1/metadata", TestContext.Current.CancellationToken));
        var described = metadata.RootElement.GetProperty("data");
        described.GetProperty("cassini_heartbeat_duration_seconds")[0].GetProperty("type").GetString().ShouldBe("histogram");
        described.GetProperty("cassini_events")[0].GetProperty("type").GetString().ShouldBe("counter");
        await app.StopAsync(TestContext.Current.CancellationToken);

        Task AnswersAsync(string query, Func<double, bool> condition) => Eventually.BecomesAsync(
            query, async ValueTask<double> () => await QueryAsync(http, query), condition, TimeSpan.FromMinutes(1));
    }

    /// <summary>The first sample's value; not a number while there is none.</summary>
    private static async Task<double> QueryAsync(HttpClient http, string query)
    {
        try
        {
            using var answer = JsonDocument.Parse(
                await http.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}", TestContext.Current.CancellationToken));
            return answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(sample => double.Parse(sample.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture))
                .FirstOrDefault(double.NaN);
        }
        catch (HttpRequestException)
        {
            // It is still starting.
            return double.NaN;
        }
    }
}
