using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Records;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Replaying;

/// <summary>A replay for people.</summary>
/// <param name="output">Where to.</param>
/// <param name="policy">The other policy's file; null when there is none.</param>
internal sealed class TextReport(TextWriter output, string? policy) : IReplayReport
{
    private const string Indent = "                          ";

    private readonly Dictionary<string, HealthStatus> _then = [];
    private readonly Dictionary<string, HealthStatus> _other = [];

    public void Begin(HealthRecordSegment segment, HealthSnapshot then)
    {
        var after = new Streams.Events.EventId(segment.Epoch, segment.Through);
        output.WriteLine(
            $"{Plain.Time(then.AsOf)}  segment after {after}, cassini {Plain.Text(segment.Program)}: {Health(then)}");
        foreach (var check in then.Checks)
        {
            _then[check.Name] = check.Status;
            _other[check.Name] = check.Status;
            if (check.Status is not (HealthStatus.Ok or HealthStatus.Off))
            {
                output.WriteLine(
                    $"{Indent}{Plain.Text(check.Name),-12} {Name(check.Status)} {Plain.Text(check.Reason)}: {Plain.Text(check.Message)}");
            }
        }

        if (policy is not null)
        {
            output.WriteLine($"{Indent}{"",-14}{"recorded",-42} {Plain.Text(policy)}");
        }
    }

    public void Row(ReplayRow row)
    {
        var change = row.Either.Change;
        if (policy is null)
        {
            var because = change.Message is null ? "" : $": {Plain.Text(change.Message)}";
            output.WriteLine($"{Plain.Time(row.Either.Time)}  {Plain.Text(change.Check),-12} {Turn(change)}{because}");
        }
        else
        {
            var then = Cell(row.Then, change.Check, _then);
            var other = Cell(row.Other, change.Check, _other);
            output.WriteLine($"{Plain.Time(row.Either.Time)} {(row.IsSame ? ' ' : '*')} {Plain.Text(change.Check),-12} {then,-42} {other}");
            output.Write(change.Message is null ? "" : $"{Indent}{Plain.Text(change.Message)}\n");
        }

        foreach (var evidence in row.Either.Evidence)
        {
            output.WriteLine(evidence is { Type: { } type, Time: { } time }
                ? $"{Indent}by {evidence.Id} {Plain.Text(type)} at {Plain.Time(time)}"
                : $"{Indent}by {evidence.Id}, which is not in the record");
        }
    }

    public void End(ReplaySummary summary)
    {
        output.WriteLine();
        Side("at the end", summary.Then);
        if (summary.Other is { } other)
        {
            Side(policy!, other);
            Line($"differing   {Quantity.Of(summary.DifferingRows, "row")}, marked *");
        }

        var (events, segments) = (Quantity.Of(summary.Events, "event"), Quantity.Of(summary.Segments, "segment"));
        Line($"record      {Plain.Span(summary.Span)}, {events}, {segments}, {Quantity.Of(summary.Problems, "problem")}");
        if (summary.EndedEarly)
        {
            Line($"            it ends before --until");
        }
    }

    private void Side(string name, ReplaySide side)
    {
        var times = string.Join(", ", side.Times.All.Select(time => $"{Name(time.Status)} {Plain.Span(time.Time)}"));
        Line($"{Plain.Text(name),-11} {Health(side.Last)}, {Plain.Time(side.Last.AsOf)}");
        Line($"            {Quantity.Of(side.Transitions, "transition")}; {(times.Length == 0 ? "no time at all" : times)}");
    }

    /// <summary>What one policy says at this instant; when it says nothing new, its last statement in brackets.</summary>
    private static string Cell(ReplayTransition? transition, string check, Dictionary<string, HealthStatus> known)
    {
        if (transition is null)
        {
            return $"({Name(known[check])})";
        }

        known[check] = transition.Change.To;
        return Turn(transition.Change);
    }

    /// <summary>From what to what, and why. A phase is entered on purpose and says itself: a clean stop is no error.</summary>
    private static string Turn(HealthChanged change) => change.Check == CheckNames.Phase
        ? Plain.Text(change.Reason ?? nameof(Phase.Ready))
        : $"{Name(change.From)} → {Name(change.To)} {Plain.Text(change.Reason)}".TrimEnd();

    private static string Health(HealthSnapshot snapshot) => snapshot.Phase == Phase.Stopped
        ? "stopped"
        : $"{Name(snapshot.Status)}, {(snapshot.Ready ? "ready" : "not ready")}{(snapshot.Live ? "" : ", not live")}";

    private static string Name(HealthStatus status) => status.ToString().ToLowerInvariant();

    private void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
