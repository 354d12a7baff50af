using System.Text.RegularExpressions;
using Cassini.Streams.Health;
using Cassini.Tests.Docs;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

public partial class PrometheusTests
{
    private static readonly List<Dictionary<object, object>> Rules =
        [.. DeployFiles.At<List<object>>(DeployFiles.Yaml("prometheus", "alerts.yaml"), "groups", "0", "rules")
            .Cast<Dictionary<object, object>>()];

    [Fact]
    public async Task Rules_Promtool_AreValid()
    {
        var (code, said) = await DeployFiles.RunAsync("promtool", DeployFiles.Path("prometheus"), "check", "rules", "alerts.yaml");

        code.ShouldBe(0, said);
        said.ShouldContain($"{Rules.Count} rules found");
    }

    [Fact]
    public async Task Rules_UnitTests_Pass()
    {
        var (code, said) = await DeployFiles.RunAsync("promtool", DeployFiles.Path("prometheus"), "test", "rules", "alerts.test.yaml");

        code.ShouldBe(0, said);
    }

    [Fact]
    public void Rules_EachAlert_IsTestedBothWays()
    {
        var tests = DeployFiles.At<List<object>>(DeployFiles.Yaml("prometheus", "alerts.test.yaml"), "tests")
            .Select(test => DeployFiles.At<Dictionary<object, object>>(test, "alert_rule_test", "0"))
            .ToLookup(test => (string)test["alertname"], test => ((List<object>)test["exp_alerts"]).Count > 0);

        foreach (var rule in Rules)
        {
            tests[(string)rule["alert"]].Distinct().ShouldBe([true, false], (string)rule["alert"]);
        }

        tests.Count.ShouldBe(Rules.Count);
    }

    [Fact]
    public void Rules_EachAlert_SaysWhatAndWhereToReadOn()
    {
        foreach (var rule in Rules)
        {
            var name = (string)rule["alert"];
            var link = DeployFiles.At<string>(rule, "annotations", "runbook_url");

            DeployFiles.At<string>(rule, "labels", "severity").ShouldBeOneOf("critical", "warning", "info");
            DeployFiles.At<string>(rule, "annotations", "summary").ShouldNotBeNullOrWhiteSpace(name);
            DeployFiles.At<string>(rule, "annotations", "description").ShouldContain("{{ $labels.instance }}", customMessage: name);
            link.ShouldStartWith("http://cassini-management:9090/runbook#", customMessage: name);
            Reasons.All.Concat(Runbook.AlertsAlone).ShouldContain(link.Split('#')[1], name);
        }
    }

    [Fact]
    public void Rules_AlertWithoutACheck_LinksToAnEntryOfItsOwn()
    {
        foreach (var entry in Runbook.AlertsAlone)
        {
            DeployFiles.At<string>(Rules.Single(rule => (string)rule["alert"] == $"Cassini{entry}"), "annotations", "runbook_url")
                .ShouldEndWith($"#{entry}");
        }
    }

    [Fact]
    public async Task Rules_Metrics_AreExposed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var metrics = await rig.GetTextAsync("/metrics");

        foreach (var rule in Rules)
        {
            var expression = (string)rule["expr"];
            PromQl.MetricsOf(expression).Where(metric => !PromQl.IsExposed(metrics, metric)).ShouldBeEmpty(expression);
            PromQl.SeriesOf(expression).Where(series => !PromQl.HasSeries(metrics, series)).ShouldBeEmpty(expression);
        }
    }

    [Fact]
    public async Task Configuration_Promtool_IsValid()
    {
        using var directory = new TempDirectory();
        directory.Write("alerts.yaml", DeployFiles.Read("prometheus", "alerts.yaml"));
        var token = directory.Write("token", "secret");
        directory.Write(
            "prometheus.yaml", Credentials().Replace(DeployFiles.Read("prometheus", "prometheus.yaml"), $"credentials_file: {token}"));

        var (code, said) = await DeployFiles.RunAsync("promtool", directory.Path, "check", "config", "prometheus.yaml");

        code.ShouldBe(0, said);
        said.ShouldContain("1 rule files found");
    }

    [Fact]
    public void Configuration_Scrape_IsOfTheManagementPortAndOftenEnough()
    {
        var configuration = DeployFiles.Yaml("prometheus", "prometheus.yaml");

        DeployFiles.At<string>(configuration, "scrape_configs", "0", "job_name").ShouldBe("cassini");
        DeployFiles.At<string>(configuration, "scrape_configs", "0", "static_configs", "0", "targets", "0")
            .ShouldEndWith($":{Defaults.ManagementPort}");
        Cassini.Streams.Primitives.DurationText
            .TryParse(DeployFiles.At<string>(configuration, "global", "scrape_interval"), out var interval)
            .ShouldBeTrue();
        interval.ShouldBeLessThanOrEqualTo(Defaults.Options.Health.Hold, "no scrape misses a red verdict");
    }

    [GeneratedRegex("credentials_file: .*")]
    private static partial Regex Credentials();
}
