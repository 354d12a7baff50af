using System.Text.RegularExpressions;

namespace Cassini.Tests.Deploy;

/// <summary>What of our own metrics an expression asks for.</summary>
internal static partial class PromQl
{
    public static IEnumerable<string> MetricsOf(string expression) => Metric().Matches(expression).Select(match => match.Value).Distinct();

    /// <summary>Those that are asked for with exact labels of ours, as name and labels.</summary>
    public static IEnumerable<(string Metric, string[] Labels)> SeriesOf(string expression) =>
        Selector().Matches(expression).Select(match =>
            (match.Groups[1].Value, Label().Matches(match.Groups[2].Value)
                .Select(label => label.Value)
                .Where(label => !label.StartsWith("job=", StringComparison.Ordinal))
                .ToArray()));

    public static bool IsExposed(string metrics, string metric) => metrics.Contains($"# TYPE {metric} ", StringComparison.Ordinal);

    public static bool HasSeries(string metrics, (string Metric, string[] Labels) series) =>
        metrics.Split('\n').Any(line => line.StartsWith(series.Metric, StringComparison.Ordinal)
            && line[series.Metric.Length..] is ['{' or ' ', ..]
            && series.Labels.All(label => line.Contains(label, StringComparison.Ordinal)));

    [GeneratedRegex(@"\b(?:cassini|process)_\w+")]
    private static partial Regex Metric();

    [GeneratedRegex(@"\b((?:cassini|process)_\w+)\{([^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\w+=""[^""]*""")]
    private static partial Regex Label();
}
