using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Fleet;

/// <summary>Whether a fleet of a size is ready, and why not. Pure.</summary>
public static class FleetReadiness
{
    /// <summary>The reasons of the check <c>cluster</c> with which a node says that it does not hear all others.</summary>
    private static readonly string[] Apart =
        [Reasons.Joining, Reasons.EngineLost, Reasons.Alone, Reasons.PeerSuspect, Reasons.PeerLost];

    /// <summary>Whether so many nodes are ready, and each of them hears as many others as there must be.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="count">How many nodes; at least 1.</param>
    public static bool IsReady(FleetSnapshot fleet, int count)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        return fleet.Nodes.Count(node => WhyNot(node, count) is null) >= count;
    }

    /// <summary>Why a node is not as a fleet of a size needs it: one line, safe for a terminal; null when it is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="count">How many nodes the fleet must have.</param>
    public static string? WhyNot(FleetNode node, int count)
    {
        ArgumentNullException.ThrowIfNull(node);
        var health = node.Snapshot;
        return node.State is not (FleetNodeState.Self or FleetNodeState.Alive)
                ? SafeText.Line($"{node.State.ToString().ToLowerInvariant()}: {health.Message ?? health.Reason}")
            : !health.Ready ? SafeText.Line($"not ready: {FailuresOf(health)}")
            : count > 1 && health.Failing.FirstOrDefault(IsApart) is { } apart ? SafeText.Line($"ready, but {TextOf(apart)}")
            : null;
    }

    /// <summary>Everything that a fleet of a size lacks: one line, safe for a terminal; empty when it lacks nothing.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="count">How many nodes it must have.</param>
    public static string WhyNot(FleetSnapshot fleet, int count)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        return IsReady(fleet, count) ? "" : string.Join("; ",
        [
            .. fleet.Nodes.Select(node => (node.Node, Why: WhyNot(node, count))).Where(node => node.Why is not null)
                .Select(node => $"{SafeText.Of(node.Node, SafeText.Short)}: {node.Why}"),
            .. Missing(fleet, count) is { } missing ? [missing] : Array.Empty<string>(),
        ]);
    }

    /// <summary>How many nodes are missing, and which are known to be gone: one line; null when as many are there as must be.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="count">How many nodes it must have.</param>
    public static string? Missing(FleetSnapshot fleet, int count)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        var missing = count - fleet.Nodes.Length;
        if (missing <= 0)
        {
            return null;
        }

        var gone = string.Join(", ", fleet.Tombstones.Select(
            tombstone => $"{SafeText.Of(tombstone.Node, SafeText.Short)} {(tombstone.Reason == TombstoneReason.Left ? "has left" : "is lost")}"));
        return $"{Quantity.Of(missing, "node")} of {count} {(missing == 1 ? "is" : "are")} missing{(gone.Length > 0 ? $": {gone}" : "")}";
    }

    private static bool IsApart(FailingCheck check) => check.Name == CheckNames.Cluster && Apart.Contains(check.Reason);

    private static string FailuresOf(FleetNodeHealth health) => health.Failing.IsEmpty
        ? $"the phase is {health.Phase.ToString().ToLowerInvariant()}"
        : string.Join("; ", health.Failing.OrderByDescending(check => check.Status).Select(TextOf));

    private static string TextOf(FailingCheck check) =>
        $"{check.Name} {check.Reason ?? check.Status.ToString()}{(check.Message is { } why ? $": {why}" : "")}";
}
