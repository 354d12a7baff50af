using System.Text;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Telemetry;

internal static class ScrapeSupport
{
    /// <summary>
    /// Scrapes until a line is there: histograms are recorded by an observer of the events, which may be a moment behind.
    /// </summary>
    public static Task<string> MetricsAsync(this ManagementRig rig, string line, string? accept = null) => Eventually.BecomesAsync(
        $"the metrics have {line}", async ValueTask<string> () => await rig.GetTextAsync("/metrics", accept), text => text.Contains(
            line, StringComparison.Ordinal));

    /// <summary>What is not a value.</summary>
    public static string[] Series(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("dotnet_", StringComparison.Ordinal))
            .Select(line => line[0] == '#' ? line : line[..line.LastIndexOf(' ')])];

    public static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);
}
