using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// The nodes of the fleet hear each other and agree. Off for a broker on its own. Not ready only while this node does not know what its
/// peers subscribe to: whatever else is wrong, it serves its clients, and clients that are sent elsewhere would find the same.
/// </summary>
/// <remarks>
/// All evidence is what the bus brings. So this node cannot tell whether it alone is cut off, while others serve, and the loss of the bus
/// never makes it not ready. A second way to hear of the peers would tell: an error <c>Isolated</c>, which fails /readyz, then belongs
/// between <c>Joining</c> and <c>EngineLost</c>.
/// </remarks>
internal sealed class ClusterCheck : Check
{
    /// <summary>The most nodes that a message names.</summary>
    private const int MostNamed = 8;

    public override string Name => CheckNames.Cluster;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Cluster;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var cluster = facts.Cluster;
        return cluster.Fleet is null ? Verdict.Of(HealthStatus.Off, Reasons.ClusterOff, "a broker on its own: it is no node of a fleet")
            : !cluster.IsJoined ? Joining(cluster)
            : cluster.CutOff is { } problem ? CutOff(cluster, problem)
            : Found(
                cluster, Reasons.PeerLost, "lost", peer => peer.State is PeerState.Lost ? peer.Cause : 0,
                peer => $"not heard for {Text(peer.Silence)}")
            ?? Found(
                cluster, Reasons.PeerSuspect, "suspect", peer => peer.State is PeerState.Suspect ? peer.Cause : 0,
                peer => $"not heard for {Text(peer.Silence)}")
            ?? Found(
                cluster, Reasons.InterestLagging, "subscriptions are not known everywhere", peer => Math.Max(peer.LagCause, peer.LateCause),
                Lag)
            ?? Found(
                cluster, Reasons.RetainedIncomplete, "not all of their retained messages are retained here", peer => peer.MissingCause,
                peer => $"{Quantity.Of(peer.Missing, "message")}")
            ?? Found(cluster, Reasons.ConfigDiffers, "not the same as here", peer => peer.DiffersCause, peer => peer.Differs)
            ?? Found(cluster, Reasons.ClockSkew, "clocks differ", peer => peer.SkewCause, Skew)
            ?? Found(
                cluster, Reasons.LinkDropping, "QoS 0 messages are dropped on the way", peer => peer.DropCause,
                peer => $"{Quantity.Of(peer.Dropped, "message")} so far")
            ?? Verdict.Ok();
    }

    private static Verdict Joining(ClusterFacts cluster)
    {
        var message = $"{cluster.Node} does not know yet what the other nodes of {cluster.Fleet} subscribe to";
        return cluster.CutOff is { } problem
            ? Verdict.Of(
                HealthStatus.Unknown, Reasons.Joining, $"{message}: the bus is not connected: {problem}",
                cluster.EnteredCause, cluster.EngineCause)
            : Verdict.Of(HealthStatus.Unknown, Reasons.Joining, message, cluster.EnteredCause);
    }

    /// <summary>The bus is lost: cut off from the others, or there is none.</summary>
    private static Verdict CutOff(ClusterFacts cluster, string problem)
    {
        var others = cluster.Peers.Where(peer => peer.State is not PeerState.Lost).ToArray();
        var cause = cluster.EngineCause > 0 ? cluster.EngineCause : cluster.EnteredCause;
        var message = $"the bus is not connected: {problem}";
        return others.Length > 0
            ? Verdict.Of(
                HealthStatus.Degraded, Reasons.EngineLost, $"{message}; {cluster.Node} is cut off from {Names(others, peer => peer.Node)}",
                cause)
            : Verdict.Of(
                HealthStatus.Degraded, Reasons.Alone,
                cluster.Peers.IsEmpty
                    ? $"{message}; {cluster.Node} knows no other node"
                    : $"{message}; all others are lost: {Names(cluster.Peers, peer => peer.Node)}",
                [cause, .. cluster.Peers.Select(peer => peer.Cause)]);
    }

    /// <summary>The verdict on all peers that have the same fault; null when none has.</summary>
    /// <param name="cluster">The facts.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="what">What is wrong with them.</param>
    /// <param name="cause">The event that a peer's fault is from; 0 when it has none.</param>
    /// <param name="detail">What is known of a peer's fault.</param>
    private static Verdict? Found(
        ClusterFacts cluster, string reason, string what, Func<PeerFact, long> cause, Func<PeerFact, string> detail)
    {
        var peers = cluster.Peers.Where(peer => cause(peer) > 0).ToArray();
        return peers.Length == 0
            ? null
            : Verdict.Of(
                HealthStatus.Degraded, reason, $"{what}: {Names(peers, peer => $"{peer.Node} ({detail(peer)})")}",
                [.. peers.Select(cause)]);
    }

    private static string Lag(PeerFact peer) => peer.LateCause > peer.LagCause
        ? "has not said what it subscribes to and retains"
        : $"has not confirmed one for {Text(peer.Waited)}";

    private static string Skew(PeerFact peer) =>
        $"{Text(peer.Skew.Duration())} {(peer.Skew > TimeSpan.Zero ? "ahead" : "behind")}";

    private static string Names(IReadOnlyCollection<PeerFact> peers, Func<PeerFact, string> name)
    {
        var named = string.Join(", ", peers.Take(MostNamed).Select(name));
        return peers.Count > MostNamed ? $"{named} and {peers.Count - MostNamed} more" : named;
    }

    private static string Text(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.##} s");
}
