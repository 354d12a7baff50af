using System.Globalization;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Maintenance;

namespace Cassini.Web.Cli.Storing;

/// <summary>What is in a journal, in lines for people. Safe for a terminal.</summary>
internal static class ReportText
{
    /// <param name="report">The report.</param>
    /// <param name="now">For ages, UTC.</param>
    public static IEnumerable<string> Of(JournalReport report, DateTimeOffset now)
    {
        yield return $"{SafeText.Of(report.Directory)}: {(report.IsSound ? "ok" : report.IsNewer ? "of a newer version" : "damaged")}";
        yield return Row("format", Number(report.Format));
        yield return Row(
            "groups",
            report.Groups == 0 ? "none" : $"{Number(report.Groups)} ({report.First} to {report.Last}), {Number(report.Bytes)} bytes");
        yield return Row("files", $"{Number(report.FileBytes)} bytes, log {Number(report.LogBytes)} bytes");
        if (report is { Begin: { } begin, End: { } end })
        {
            yield return Row("written", $"{Time(begin)} to {Time(end)}");
        }

        yield return Row(
            "sessions",
            $"{Number(report.Sessions)} with {Quantity.Of(report.Messages, "message")} and "
            + Quantity.Of(report.Subscriptions, "subscription"));
        yield return Row("retained", Number(report.Retained));
        yield return Row("wills", Number(report.Wills));
        yield return Row("last run", RunOf(report));
        foreach (var problem in report.Problems)
        {
            yield return $"  ! {SafeText.Visible(problem.ToText(now))}";
        }

        if (report.Touched is [_, ..] touched)
        {
            yield return $"  ! incomplete: {string.Join(", ", touched.Take(GroupTrace.Most).Select(name => SafeText.Quote(name, 60)))}"
                + (touched.Count > GroupTrace.Most ? $" and {touched.Count - GroupTrace.Most} more" : "");
        }

        if (WayOut(report) is { } wayOut)
        {
            yield return wayOut;
        }
    }

    private static string? WayOut(JournalReport report)
    {
        if (report.IsSound)
        {
            return null;
        }

        if (report.IsNewer)
        {
            return "Use the version of Cassini that wrote it.";
        }

        var usable = report.Groups - report.Unusable.Count;
        return $"'cassini store repair {SafeText.Of(report.Directory)} --to NEWDIR' keeps {Quantity.Of(usable, "group")} "
            + $"in a new directory; with --cut {Number(report.Hole is null ? usable : report.GroupsBeforeHole)}: those before the damage.";
    }

    private static string RunOf(JournalReport report) => report switch
    {
        { UsedBy: { } process } => $"goes on in {SafeText.Of(process)}",
        { Run: null } => "none",
        { Run: { EndedAt: { } end } run } => $"{Number(run.Number)}, from {Time(run.StartedAt)} to {Time(end)}; ended on purpose",
        { Run: var run } => $"{Number(run.Number)}, from {Time(run.StartedAt)}; it wrote no end: it was killed, or this is a copy",
    };

    private static string Row(string name, string value) => $"  {name,-9} {value}";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
