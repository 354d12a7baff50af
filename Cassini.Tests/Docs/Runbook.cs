using System.Text.RegularExpressions;

namespace Cassini.Tests.Docs;

/// <summary>docs/operate/runbook.md, taken apart: its introduction and one entry for each second-level heading.</summary>
internal static partial class Runbook
{
    public static string Text { get; } = Repository.Read("docs", "operate", "runbook.md");

    /// <summary>The entries of what has an event and an alert, but no check.</summary>
    public static IReadOnlyList<string> AlertsAlone { get; } = [nameof(Streams.Events.ClientIdContested), "ShareUsedUp"];

    /// <summary>The text under each heading, by the heading.</summary>
    public static IReadOnlyList<(string Reason, string Entry)> Entries { get; } =
        [.. Text.Split("\n## ").Skip(1).Select(entry => (entry[..entry.IndexOf('\n', StringComparison.Ordinal)], entry))];

    /// <summary>What is set as code: words between backticks, and whole lines of indented blocks.</summary>
    public static IReadOnlyList<string> Code { get; } =
    [
        .. Inline().Matches(Text).Select(match => Space().Replace(match.Groups[1].Value, " ")),
        .. Text.Split('\n').Where(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line.Trim()),
    ];

    /// <summary>The numbers that the page calls events of the log.</summary>
    public static IReadOnlyList<int> LogEvents { get; } =
    [
        .. Logged().Matches(Space().Replace(Text, " "))
            .SelectMany(match => match.Groups[1].Captures)
            .Select(capture => int.Parse(capture.Value, System.Globalization.CultureInfo.InvariantCulture)),
    ];

    /// <summary>The management paths that its commands ask for, with their method.</summary>
    public static IReadOnlyList<(string Method, string Path)> Requests { get; } =
    [
        .. Code.SelectMany(code => Url().Matches(code).Select(match =>
            (Method().Match(code) is { Success: true } method ? method.Groups[1].Value : "GET", match.Groups[1].Value))),
    ];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Inline();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\blog(?:'s)?(?: (\d{4})(?: and| to|,)?)+")]
    private static partial Regex Logged();

    [GeneratedRegex("http://127\\.0\\.0\\.1:9090(/[^\\s'\"]*)")]
    private static partial Regex Url();

    [GeneratedRegex("-X ([A-Z]+)")]
    private static partial Regex Method();
}
