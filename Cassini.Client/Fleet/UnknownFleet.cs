using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Streams.Fleet;

/// <summary>
/// The fleet while no address answers: every node is unknown, whatever it was before. Tombstones stay, because they are of the past.
/// </summary>
internal static class UnknownFleet
{
    /// <summary>No address has answered yet.</summary>
    public static FleetSnapshot Never { get; } = new()
    {
        Fleet = null,
        Node = "",
        Epoch = "",
        Revision = 0,
        AsOf = DateTimeOffset.UnixEpoch,
        Status = HealthStatus.Unknown,
        Ready = false,
        Nodes = [],
        Tombstones = [],
    };

    /// <summary>What was known, with every node unknown.</summary>
    public static FleetSnapshot After(FleetSnapshot last, FeedLoss reason, string detail) => last with
    {
        Status = HealthStatus.Unknown,
        Ready = false,
        Nodes = [.. last.Nodes.Select(node => After(node, last.AsOf, reason, detail))],
    };

    private static FleetNode After(FleetNode node, DateTimeOffset asOf, FeedLoss reason, string detail) => node with
    {
        State = FleetNodeState.Unknown,
        Since = node.State == FleetNodeState.Unknown ? node.Since : asOf,
        Links = null,
        Interest = null,
        Snapshot = UnknownNode.After(node.Snapshot, reason, detail),
    };
}
