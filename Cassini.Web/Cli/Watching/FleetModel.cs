using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;

namespace Cassini.Web.Cli.Watching;

/// <summary>What is shown of a fleet. Immutable.</summary>
/// <param name="Fleet">What is known of it.</param>
/// <param name="Lost">Why no address answers, one line for each; empty while one does.</param>
/// <param name="Lines">The last changes, the newest last.</param>
internal sealed record FleetModel(FleetSnapshot Fleet, ImmutableArray<string> Lost, ImmutableQueue<WatchLine> Lines)
{
    private const int LinesKept = 200;

    public static FleetModel Of(FleetFeedNote note) => new FleetModel(note.Snapshot, [], []).Apply(note);

    public FleetModel Apply(FleetFeedNote note)
    {
        var next = this with { Fleet = note.Snapshot };
        return note switch
        {
            FleetFollowed e => (next with { Lost = [] }).Say(new WatchLine(
                e.Snapshot.AsOf, e.Snapshot.Node, e.IsResumed ? "speaks again" : "speaks", LineKind.Plain)),
            FleetChanged e => next.Say(new WatchLine(e.Change.Time, e.Change.Node, TextOf(e.Change), KindOf(e.Change))),
            FleetLost e => (next with { Lost = [.. e.All.Select(loss => loss.ToString())] }).SayLoss(e, Lost),
            FleetReset e => next.Say(new WatchLine(null, "reset", $"changes are missing: {e.Reason}", LineKind.Notable)),
            FleetProblem e => next.Say(new WatchLine(null, "problem", e.Problem, LineKind.Notable)),
            _ => next,
        };
    }

    /// <summary>A failure that repeats is said once.</summary>
    private FleetModel SayLoss(FleetLost lost, ImmutableArray<string> before) => before.Contains(lost.Lost.ToString())
        ? this
        : Say(new WatchLine(null, "lost", lost.Lost.ToString(), LineKind.Bad));

    private FleetModel Say(WatchLine line)
    {
        var lines = Lines.Enqueue(line);
        return this with { Lines = lines.Count() > LinesKept ? lines.Dequeue() : lines };
    }

    private static LineKind KindOf(FleetChange change) => change.Change switch
    {
        FleetChangeKind.Joined or FleetChangeKind.Back => LineKind.Good,
        FleetChangeKind.Suspected or FleetChangeKind.Silenced or FleetChangeKind.Lost => LineKind.Bad,
        FleetChangeKind.Left or FleetChangeKind.Forgotten => LineKind.Notable,
        _ => change.To > change.From ? LineKind.Bad : change.To < change.From ? LineKind.Good : LineKind.Plain,
    };

    private static string TextOf(FleetChange change)
    {
        var word = change.Change.ToString().ToLowerInvariant();
        return change.Peer is { Snapshot: var health }
            ? $"{word}: {Word(health.Status)}{(health.Reason is null ? "" : $", {health.Reason}: {health.Message}")}"
            : word;
    }

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}
