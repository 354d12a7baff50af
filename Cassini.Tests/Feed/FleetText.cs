using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;

namespace Cassini.Tests.Feed;

/// <summary>A fleet and the messages of its feed as a node would write them.</summary>
internal static class FleetText
{
    /// <summary>The run of n1, when it speaks.</summary>
    public const string Epoch = "0000019a5c3e7f10";

    /// <summary>The run of n2, when it speaks.</summary>
    public const string OtherEpoch = "0000019a5c3e8f10";

    public static readonly DateTimeOffset Start = new(2026, 11, 30, 10, 0, 0, TimeSpan.Zero);

    /// <summary>The fleet as n1 says it.</summary>
    public static FleetSnapshot Fleet(long revision, params FleetNode[] nodes) => new()
    {
        Fleet = "main",
        Node = "n1",
        Epoch = Epoch,
        Revision = revision,
        AsOf = Start,
        Status = nodes.Max(node => node.Snapshot.Status),
        Ready = nodes.Any(node => node.Snapshot.Ready),
        Nodes = [.. nodes],
        Tombstones = [],
        HeartbeatSeconds = 4,
    };

    /// <summary>A node; the one that speaks is named n1 unless it is said.</summary>
    public static FleetNode Node(string name, bool ready = true, FleetNodeState? state = null, params FailingCheck[] failing) => new()
    {
        Node = name,
        Epoch = Epoch,
        State = state ?? (name == "n1" ? FleetNodeState.Self : FleetNodeState.Alive),
        Since = Start,
        Heard = new NodeHeard(Start, null),
        Links = new NodeLinks(true, 0),
        Interest = new NodeInterest(true, 1, true),
        Snapshot = new FleetNodeHealth
        {
            Status = state is FleetNodeState.Suspect or FleetNodeState.Unknown ? HealthStatus.Unknown
                : !ready ? HealthStatus.Error
                : failing.Length > 0 ? HealthStatus.Degraded
                : HealthStatus.Ok,
            Ready = ready,
            Reason = null,
            Message = null,
            Phase = Phase.Ready,
            Revision = 3,
            Failing = failing.Length > 0 || ready ? [.. failing] : [new(CheckNames.Bind, HealthStatus.Error, Reasons.BindFailed, "taken")],
            Version = "0.1.0",
            AsOf = Start,
            UptimeSeconds = 60,
            ActiveListeners = 2,
            Sessions = 2,
            KeptSessions = 1,
            Backlog = 0,
            LastError = null,
        },
    };

    public static FailingCheck Failing(string check, string reason, HealthStatus status = HealthStatus.Degraded) =>
        new(check, status, reason, "a message");

    public static Tombstone Tombstone(string node, TombstoneReason reason = TombstoneReason.Lost) => new()
    {
        Node = node,
        Epoch = Epoch,
        LostAt = Start,
        LastStatus = HealthStatus.Ok,
        LastRevision = 3,
        Sessions = 1,
        Reason = reason,
    };

    /// <summary>What n2 says of the same fleet.</summary>
    public static FleetSnapshot AsOther(FleetSnapshot fleet) => fleet with { Node = "n2", Epoch = OtherEpoch };

    public static string Snapshot(FleetSnapshot fleet, bool hasId = true) => FeedText.Frame(
        "snapshot", JsonSerializer.Serialize(fleet, FleetJson.Snapshot), hasId ? $"{fleet.Epoch}-{fleet.Revision}" : null);

    /// <summary>A change to this node.</summary>
    public static string Change(long revision, FleetNode node, FleetChangeKind kind = FleetChangeKind.Transition, string epoch = Epoch) =>
        Change(Of(revision, node.Node, kind) with { Peer = node with { Links = null, Interest = null }, To = node.Snapshot.Status }, epoch);

    /// <summary>A node that is gone.</summary>
    public static string Gone(long revision, Tombstone tombstone) =>
        Change(Of(revision, tombstone.Node, FleetChangeKind.Lost) with { Tombstone = tombstone });

    public static string Heartbeat() => FeedText.Frame("heartbeat", "{}", null);

    private static FleetChange Of(long revision, string node, FleetChangeKind kind) => new()
    {
        Revision = revision,
        Time = Start.AddSeconds(revision),
        Change = kind,
        Node = node,
        From = HealthStatus.Ok,
        To = HealthStatus.Unknown,
        Status = HealthStatus.Degraded,
        Ready = true,
    };

    private static string Change(FleetChange change, string epoch = Epoch) => FeedText.Frame(
        FleetChange.MessageOf(change.Change), JsonSerializer.Serialize(change, FleetJson.Change), $"{epoch}-{change.Revision}");
}
