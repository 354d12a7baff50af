using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Fleet;

/// <summary>Whether a fleet of a size is ready, and why not. Pure.</summary>
public static class FleetReadiness
{
    /// <summary>The reasons of the check <c>cluster</c> with which a node says that it does not hear all others.</summary>
    private static readonly string[] Apart =
        [Reasons.Joining, Reasons.EngineLost, Reasons.Alone, Reasons.PeerSuspect, Reasons.PeerLost, Reasons.LinkStalled];

    /// <summary>Whether so many nodes are ready, and each of them hears as many others as there must be.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="count">How many nodes; at least 1.</param>
    public static bool IsReady(FleetSnapshot fleet, int count)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        return fleet.Nodes.Count(node => WhyNot(node, count) is null) >= count;
    }

    /// <summary>The same, and nothing at all is wrong with the fleet.</summary>
    /// <inheritdoc cref="IsReady"/>
    internal static bool IsOk(FleetSnapshot fleet, int count) => IsReady(fleet, count) && fleet.Status == HealthStatus.Ok;

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
            : health.Peers < count - 1
                ? $"ready, but it hears {health.Peers} of {Quantity.Of(count - 1, "other node")}"
            : count > 1 && health.Failing.FirstOrDefault(IsApart) is { } apart ? SafeText.Line($"ready, but {TextOf(apart)}")
            : null;
    }

    /// <summary>Why a node is not ok, when it is ready; null when it is ok.</summary>
    internal static string? WhyNotOk(FleetNode node) =>
        node.Snapshot.Status == HealthStatus.Ok ? null : SafeText.Line($"not ok: {FailuresOf(node.Snapshot)}");

    /// <summary>Everything that a fleet of a size lacks: one line, safe for a terminal.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="count">How many nodes it must have.</param>
    public static string WhyNot(FleetSnapshot fleet, int count)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        return Join(fleet, node => WhyNot(node, count), Missing(fleet, count));
    }

    /// <summary>Everything that is wrong with a fleet of a size: one line, safe for a terminal.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="count">How many nodes it must have.</param>
    internal static string WhyNotOk(FleetSnapshot fleet, int count) =>
        Join(fleet, node => WhyNot(node, count) ?? WhyNotOk(node), Missing(fleet, count) ?? Lost(fleet));

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

        var gone = Gone(fleet.Tombstones);
        return $"{Quantity.Of(missing, "node")} of {count} {(missing == 1 ? "is" : "are")} missing{(gone.Length > 0 ? $": {gone}" : "")}";
    }

    /// <summary>The nodes that were lost: one line; null for none.</summary>
    internal static string? Lost(FleetSnapshot fleet) =>
        Gone(fleet.Tombstones.Where(tombstone => tombstone.Reason == TombstoneReason.Lost)) is { Length: > 0 } lost ? lost : null;

    private static string Gone(IEnumerable<Tombstone> tombstones) => string.Join(", ", tombstones.Select(
        tombstone => $"{Name(tombstone.Node)} {(tombstone.Reason == TombstoneReason.Left ? "has left" : "is lost")}"));

    private static string Join(FleetSnapshot fleet, Func<FleetNode, string?> whyNot, string? last) => string.Join("; ", fleet.Nodes
        .Select(node => whyNot(node) is { } why ? $"{Name(node.Node)}: {why}" : null)
        .Append(last)
        .OfType<string>());

    private static string Name(string node) => SafeText.Of(node, SafeText.Short);

    private static bool IsApart(FailingCheck check) => check.Name == CheckNames.Cluster && Apart.Contains(check.Reason);

    private static string FailuresOf(FleetNodeHealth health) => health.Failing.IsEmpty
        ? $"the phase is {health.Phase.ToString().ToLowerInvariant()}"
        : string.Join("; ", health.Failing.OrderByDescending(check => check.Status).Select(TextOf));

    private static string TextOf(FailingCheck check) =>
        $"{check.Name} {check.Reason ?? check.Status.ToString()}{(check.Message is { } why ? $": {why}" : "")}";
}
