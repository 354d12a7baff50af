using Cassini.Harness.Clients;
using Cassini.Streams.Fleet;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Waiting;

/// <summary>What a wait for a fleet shows: its nodes, and what is missing; while no address answers, why each does not.</summary>
internal sealed class FleetRows(WaitGoal goal, int count, IReadOnlyList<ManagementAddress> targets)
{
    /// <summary>The row about what is no node: it has no name of its own.</summary>
    private const string Whole = "the fleet";

    /// <returns>Null when the note has no news of it.</returns>
    public IReadOnlyList<WaitRow>? Of(FleetFeedNote note) => note switch
    {
        FleetConnecting => [.. targets.Select(target => new WaitRow(target.Name, false, "connecting", "") { IsConnecting = true })],
        FleetLost lost => [.. lost.All.Select(loss => new WaitRow(NameOf(loss), false, loss.Detail, loss.Detail))],
        FleetFollowed or FleetChanged => OfFleet(note.Snapshot),
        _ => null,
    };

    private List<WaitRow> OfFleet(FleetSnapshot fleet)
    {
        var rows = fleet.Nodes.Select(OfNode).ToList();
        if (FleetReadiness.Missing(fleet, count) is { } missing)
        {
            rows.Add(new WaitRow(Whole, false, missing, missing) { Status = fleet.Status, Ready = fleet.Ready });
        }
        else if (goal == WaitGoal.Ok && FleetReadiness.Lost(fleet) is { } lost)
        {
            rows.Add(new WaitRow(Whole, false, $"not ok: {lost}", lost) { Status = fleet.Status, Ready = fleet.Ready });
        }

        return rows;
    }

    private WaitRow OfNode(FleetNode node)
    {
        var health = node.Snapshot;
        var whyNot = FleetReadiness.WhyNot(node, count) ?? (goal == WaitGoal.Ok ? FleetReadiness.WhyNotOk(node) : null);
        var name = SafeText.Of(node.Node, SafeText.Short);
        return new WaitRow(name, whyNot is null, whyNot ?? goal.Word(), whyNot ?? SafeText.Line(health.Message))
        {
            Status = health.Status,
            Ready = health.Ready,
            Phase = health.Version.Length > 0 ? health.Phase : null,
        };
    }

    private string NameOf(AddressLoss loss) => targets.First(target => target.Management == loss.Management).Name;
}
