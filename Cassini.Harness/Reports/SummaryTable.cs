using System.Globalization;
using Cassini.Harness.Load;
using Cassini.Harness.Results;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Primitives;
using Spectre.Console;

namespace Cassini.Harness.Reports;

/// <summary>The summary at the end of a run, for people.</summary>
internal static class SummaryTable
{
    public static void Write(IAnsiConsole console, RunReport report)
    {
        foreach (var test in report.Tests.Where(test => test.State != TestState.Skipped))
        {
            console.Write(TableOf(test));
        }

        foreach (var (test, subscriber, failed) in Failures(report))
        {
            console.MarkupLineInterpolated(
                $"[red]failed[/] {test}, {subscriber}: {failed.Name}: expected {failed.Expected}; seen: {failed.Seen}");
        }

        if (report.Tests.Where(test => test.State == TestState.Skipped).Select(test => test.Name).ToList() is { Count: > 0 } skipped)
        {
            console.MarkupLineInterpolated($"not begun: {string.Join(", ", skipped)}");
        }

        var color = report.Verdict == Verdict.Passed ? "green" : "red";
        var message = report.Message is { } text && text != report.Verdict.InWords() ? $": {text}" : "";
        console.MarkupLine($"[{color}]{report.Verdict.InWords()}[/] after {Number(report.Seconds, "0.0")} s{Markup.Escape(message)}");
    }

    public static IEnumerable<(string Test, string Subscriber, ExpectationResult Failed)> Failures(RunReport report) =>
        from test in report.Tests
        from subscriber in test.Subscribers
        from expectation in subscriber.Expectations
        where !expectation.Passed
        select (test.Name, subscriber.Name, expectation);

    private static Table TableOf(TestReport test)
    {
        var title = new TableTitle(Markup.Escape($"{test.Name} ({test.State.ToString().ToLowerInvariant()})"));
        var table = new Table { Title = title, Border = TableBorder.Minimal };
        foreach (var heading in new[] { "", "messages", "per second", "trouble", "latency p50 / p99" })
        {
            var isText = heading is "" or "trouble";
            table.AddColumn(new TableColumn(heading) { Alignment = isText ? Justify.Left : Justify.Right, NoWrap = heading != "trouble" });
        }

        foreach (var publisher in test.Publishers)
        {
            table.AddRow(
                Markup.Escape($"→ {publisher.Name}{At(publisher.Worker)}"), Number(publisher.Acknowledged),
                Number(publisher.MessagesPerSecond),
                Trouble(
                    (publisher.Failed, "failed", "failed"), (publisher.Retransmitted, "sent again", "sent again"),
                    (publisher.Reconnects, "reconnect", "reconnects")),
                "");
        }

        foreach (var subscriber in test.Subscribers)
        {
            table.AddRow(
                Markup.Escape($"← {subscriber.Name}{At(subscriber.Worker)}"), Number(subscriber.Unique),
                Number(subscriber.MessagesPerSecond),
                Trouble(
                    (subscriber.Missing, "missing", "missing"), (subscriber.Duplicates, "duplicate", "duplicates"),
                    (subscriber.Corrupt, "damaged", "damaged"), (subscriber.Foreign, "foreign", "foreign"),
                    (subscriber.OutOfOrder, "out of order", "out of order"), (subscriber.Reconnects, "reconnect", "reconnects")),
                Latency(subscriber.Latency));
        }

        return table;
    }

    private static string At(string worker) => worker == "controller" ? "" : $" @{worker}";

    private static string Trouble(params (long Count, string One, string Many)[] kinds) =>
        string.Join(", ", kinds.Where(kind => kind.Count > 0).Select(kind => Quantity.Of(kind.Count, kind.One, kind.Many)));

    private static string Latency(LatencySummary? latency) =>
        latency is null ? "" : $"{Number(latency.P50Ms, "0.0")} / {Number(latency.P99Ms, "0.0")} ms";

    private static string Number(double number, string format = "#,0") => number.ToString(format, CultureInfo.InvariantCulture);
}
