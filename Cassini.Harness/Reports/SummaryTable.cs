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

        foreach (var (test, sink, failed) in Failures(report))
        {
            console.MarkupLineInterpolated(
                $"[red]failed[/] {test}, {sink}: {failed.Name}: expected {failed.Expected}; seen: {failed.Seen}");
        }

        if (report.Tests.Where(test => test.State == TestState.Skipped).Select(test => test.Name).ToList() is { Count: > 0 } skipped)
        {
            console.MarkupLineInterpolated($"not begun: {string.Join(", ", skipped)}");
        }

        var color = report.Verdict == Verdict.Passed ? "green" : "red";
        var message = report.Message is { } text && text != report.Verdict.InWords() ? $": {text}" : "";
        console.MarkupLine($"[{color}]{report.Verdict.InWords()}[/] after {Number(report.Seconds, "0.0")} s{Markup.Escape(message)}");
    }

    public static IEnumerable<(string Test, string Sink, ExpectationResult Failed)> Failures(RunReport report) =>
        from test in report.Tests
        from sink in test.Sinks
        from expectation in sink.Expectations
        where !expectation.Passed
        select (test.Name, sink.Name, expectation);

    private static Table TableOf(TestReport test)
    {
        var title = new TableTitle(Markup.Escape($"{test.Name} ({test.State.ToString().ToLowerInvariant()})"));
        var table = new Table { Title = title, Border = TableBorder.Minimal };
        foreach (var heading in new[] { "", "messages", "per second", "trouble", "latency p50 / p99" })
        {
            var isText = heading is "" or "trouble";
            table.AddColumn(new TableColumn(heading) { Alignment = isText ? Justify.Left : Justify.Right, NoWrap = heading != "trouble" });
        }

        foreach (var producer in test.Producers)
        {
            table.AddRow(
                Markup.Escape($"→ {producer.Name}{At(producer.Worker)}"), Number(producer.Acknowledged), Number(producer.MessagesPerSecond),
                Trouble(
                    (producer.Failed, "failed", "failed"), (producer.Retransmitted, "sent again", "sent again"),
                    (producer.Reconnects, "reconnect", "reconnects")),
                "");
        }

        foreach (var sink in test.Sinks)
        {
            table.AddRow(
                Markup.Escape($"← {sink.Name}{At(sink.Worker)}"), Number(sink.Unique), Number(sink.MessagesPerSecond),
                Trouble(
                    (sink.Missing, "missing", "missing"), (sink.Duplicates, "duplicate", "duplicates"),
                    (sink.Corrupt, "damaged", "damaged"), (sink.Foreign, "foreign", "foreign"),
                    (sink.OutOfOrder, "out of order", "out of order"), (sink.Reconnects, "reconnect", "reconnects")),
                Latency(sink.Latency));
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
