using System.Text;
using System.Text.Json;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

public class GrafanaTests
{
    private static readonly JsonElement Dashboard = JsonDocument.Parse(DeployFiles.Read("grafana", "cassini.json")).RootElement;

    private static readonly List<JsonElement> Panels = [.. Dashboard.GetProperty("panels").EnumerateArray()];

    private static readonly List<string> Expressions =
    [
        .. Panels.Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Concat(Dashboard.GetProperty("annotations").GetProperty("list").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!),
    ];

    [Fact]
    public async Task Expressions_Promtool_AreValid()
    {
        using var directory = new TempDirectory();
        var rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
        for (var i = 0; i < Expressions.Count; i++)
        {
            var expression = Expressions[i].Replace("$__rate_interval", "5m", StringComparison.Ordinal);
            rules.Append($"      - record: panel:{i}\n        expr: '{expression}'\n");
        }

        directory.Write("dashboard.yaml", rules.ToString());
        var (code, said) = await DeployFiles.RunAsync("promtool", directory.Path, "check", "rules", "dashboard.yaml");

        code.ShouldBe(0, said);
        said.ShouldContain($"{Expressions.Count} rules found");
    }

    [Fact]
    public async Task Expressions_Metrics_AreExposed()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(Happened.Load());
        var metrics = await rig.GetTextAsync("/metrics");
        var variable = Dashboard.GetProperty("templating").GetProperty("list")[1].GetProperty("definition").GetString()!;

        Expressions.Count.ShouldBeGreaterThan(20);
        foreach (var expression in Expressions.Append(variable))
        {
            PromQl.MetricsOf(expression).ShouldNotBeEmpty(expression);
            PromQl.MetricsOf(expression).Where(metric => !PromQl.IsExposed(metrics, metric)).ShouldBeEmpty(expression);
            PromQl.SeriesOf(expression).Where(series => !PromQl.HasSeries(metrics, series)).ShouldBeEmpty(expression);
        }
    }

    [Fact]
    public void Panels_EachOne_HasAnIdATitleAndAPlaceOfItsOwn()
    {
        Panels.Select(panel => panel.GetProperty("id").GetInt32()).ShouldBeUnique();
        Panels.ShouldAllBe(panel => panel.GetProperty("title").GetString()!.Length > 0);
        Panels.SelectMany(Cells).ShouldBeUnique();
        Panels.SelectMany(Cells).ShouldAllBe(cell => cell.X >= 0 && cell.X < 24);
    }

    private static IEnumerable<(int X, int Y)> Cells(JsonElement panel)
    {
        var place = panel.GetProperty("gridPos");
        int Of(string name) => place.GetProperty(name).GetInt32();
        return from x in Enumerable.Range(Of("x"), Of("w")) from y in Enumerable.Range(Of("y"), Of("h")) select (x, y);
    }
}
