using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Telemetry;

namespace Cassini.Tests.Docs;

/// <summary>docs/operate/metrics.md has a row for every family, and no other.</summary>
public class MetricsPageTests
{
    private static readonly string Page = Repository.Read("docs", "operate", "metrics.md");

    [Fact]
    public async Task Page_Families_AreThose()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        rig.Publish(
            new ConnectionAccepted(1, Happened.Endpoint, "127.0.0.1:40000"),
            Happened.Completed(1),
            new SessionClosed(1, "a", CloseReason.PeerClosed, TimeSpan.FromSeconds(1), false),
            new ConnectionClosed(1, CloseReason.PeerClosed, TimeSpan.FromSeconds(1), 0, 0),
            Happened.Load(),
            Happened.CanarySucceeded());
        await rig.MetricsAsync("cassini_canary_duration_seconds_count 1\n");

        var rows = Rows(await rig.GetTextAsync("/metrics"));

        Page.Split('\n').Where(line => IsOf(line, "| `")).ShouldBe(rows, string.Join('\n', rows));
    }

    [Fact]
    public void Page_ProcessFamilies_AreThose()
    {
        var named = Page.Split('`').Where(word => word.StartsWith("dotnet.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

        string[] names = [.. RuntimeMetrics.Names, "dotnet.thread_pool.threads", "dotnet.thread_pool.queue.length"];
        named.ShouldBe(names.Order(StringComparer.Ordinal), string.Join(", ", names));
    }

    /// <summary>Whether the line is about a family that Cassini itself makes.</summary>
    private static bool IsOf(string line, string start) =>
        line.StartsWith($"{start}cassini_", StringComparison.Ordinal) || line.StartsWith($"{start}process_", StringComparison.Ordinal);

    private static string[] Rows(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return
        [
            .. from line in lines
               where IsOf(line, "# HELP ")
               let words = line.Split(' ', 4)
               let type = lines.Single(other => other.StartsWith($"# TYPE {words[2]} ", StringComparison.Ordinal)).Split(' ')[3]
               select $"| `{words[2]}` | {type} | {Labels(lines, words[2], type)} | {words[3]} |",
        ];
    }

    private static string Labels(string[] lines, string name, string type)
    {
        var first = type == "histogram" ? $"{name}_sum" : name;
        var sample = lines.First(
            line => line.StartsWith($"{first} ", StringComparison.Ordinal) || line.StartsWith($"{first}{{", StringComparison.Ordinal));
        var start = sample.IndexOf('{', StringComparison.Ordinal);
        return start < 0
            ? ""
            : string.Join(", ", sample[(start + 1)..sample.LastIndexOf('}')].Split(',').Select(label => label.Split('=')[0]));
    }
}
