using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// The nodes of the fleet hear each other and agree. Off for a broker on its own. Not ready while this node does not know what its peers
/// subscribe to, and while others serve without it, which they say over HTTP. Whatever else is wrong, it serves its clients, and clients
/// that are sent elsewhere would find the same. An operator may decide otherwise for a lost bus.
/// </summary>
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
            : cluster.IsAside ? Aside(cluster)
            : !cluster.IsJoined ? Joining(cluster)
            : IsolatedAt(cluster) is var isolatedAt && isolatedAt <= now ? Isolated(cluster)
            : (cluster.CutOff is { } problem ? CutOff(cluster, problem) : Disagreeing(cluster)).Before(isolatedAt);
    }

    public override Fails FailedProbes(HealthStatus status, Fails flags) => flags;

    /// <summary>When this node is isolated, if nothing happens; the end of time when nobody serves without it.</summary>
    private static TimeSpan IsolatedAt(ClusterFacts cluster) =>
        cluster.ServedSince < TimeSpan.MaxValue ? cluster.ServedSince + cluster.IsolationGrace : TimeSpan.MaxValue;

    /// <summary>The bus is connected: what is wrong with the others.</summary>
    private static Verdict Disagreeing(ClusterFacts cluster) =>
        NameShared(cluster)
            ?? NotKept(cluster)
            ?? Found(
                cluster, Reasons.PeerLost, "lost", peer => peer.State is PeerState.Lost ? peer.Cause : 0,
                peer => $"not heard for {Text(peer.Silence)}")
            ?? Found(
                cluster, Reasons.PeerSuspect, "suspect", peer => peer.State is PeerState.Suspect ? peer.Cause : 0,
                peer => $"not heard for {Text(peer.Silence)}")
            ?? Found(
                cluster, Reasons.LinkStalled, "heard, but taking no messages", peer => peer.StallCause, peer => $"for {Text(peer.Stalled)}")
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

    /// <summary>Another process has the name of this node.</summary>
    private static Verdict Aside(ClusterFacts cluster) => Verdict.Of(
        HealthStatus.Error, Reasons.NameTaken,
        $"another process is node {cluster.Node} of {cluster.Fleet} already, so this one takes no part: stop one of the two, or give this"
        + " one another Cluster:Node",
        cluster.NameCause) with
    {
        Fails = Fails.Readyz,
    };

    /// <summary>Another process would have the name of this node.</summary>
    private static Verdict? NameShared(ClusterFacts cluster) => cluster.NameCause == 0
        ? null
        : Verdict.Of(
            HealthStatus.Degraded, Reasons.NameTaken,
            $"another process was started as node {cluster.Node}, and takes no part: stop it, or give it another Cluster:Node",
            cluster.NameCause);

    private static Verdict Joining(ClusterFacts cluster)
    {
        var message = $"{cluster.Node} does not know yet what the other nodes of {cluster.Fleet} subscribe to";
        return cluster.CutOff is { } problem
            ? Verdict.Of(
                HealthStatus.Unknown, Reasons.Joining, $"{message}: the bus is not connected: {problem}",
                cluster.EnteredCause, cluster.EngineCause) with
            {
                Fails = Fails.Readyz,
            }
            : Verdict.Of(HealthStatus.Unknown, Reasons.Joining, message, cluster.EnteredCause) with { Fails = Fails.Readyz };
    }

    /// <summary>Others serve, so that clients are better off there.</summary>
    private static Verdict Isolated(ClusterFacts cluster)
    {
        var serving = cluster.Serving().ToArray();
        var why = cluster.CutOff is { } problem ? $"the bus is not connected here: {problem}" : "they and this node do not hear each other";
        return Verdict.Of(
            HealthStatus.Error, Reasons.Isolated, $"others serve without {cluster.Node}: {Names(serving, seen => seen.Node)}; {why}",
            [cluster.CutOff is null ? 0 : cluster.EngineCause, .. serving.Select(seen => seen.Cause)]) with
        {
            Fails = Fails.Readyz,
        };
    }

    /// <summary>The bus is lost: cut off from the others, or there is none.</summary>
    private static Verdict CutOff(ClusterFacts cluster, string problem)
    {
        string[] others =
        [
            .. cluster.Peers.Where(peer => peer.State is not PeerState.Lost).Select(peer => peer.Node)
                .Union(cluster.Seen.Select(seen => seen.Node)).Order(StringComparer.Ordinal),
        ];
        var cause = cluster.EngineCause > 0 ? cluster.EngineCause : cluster.EnteredCause;
        var message = $"the bus is not connected: {problem}";
        var same = cluster.Seen.Where(seen => seen.Answer is PeerAnswer.CutOff).ToArray();
        var shared = same.Length == 0 ? "" : $"; nor is it on {Names(same, seen => seen.Node)}";
        var verdict = others.Length > 0
            ? Verdict.Of(
                HealthStatus.Degraded, Reasons.EngineLost,
                $"{message}{shared}; {cluster.Node} is cut off from {Names(others, name => name)}",
                [cause, .. same.Select(seen => seen.Cause)])
            : Verdict.Of(
                HealthStatus.Degraded, Reasons.Alone,
                cluster.Peers.IsEmpty
                    ? $"{message}; {cluster.Node} knows no other node"
                    : $"{message}; all others are lost: {Names(cluster.Peers, peer => peer.Node)}",
                [cause, .. cluster.Peers.Select(peer => peer.Cause)]);
        return cluster.ReadyAlone ? verdict : verdict with { Fails = Fails.Readyz };
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

    /// <summary>What is lost for ever comes first.</summary>
    private static Verdict? NotKept(ClusterFacts cluster) => cluster.NotKept.IsEmpty
        ? null
        : Verdict.Of(
            HealthStatus.Degraded, Reasons.NotKept,
            $"not all messages for their sessions are kept: {Names(cluster.NotKept, one => $"{one.Node} ({Loss(one)})")}",
            [.. cluster.NotKept.Select(one => one.Cause)]);

    private static string Loss(NotKeptFact lost) =>
        lost.Dropped > 0 ? $"{Quantity.Of(lost.Dropped, "message")} dropped so far" : "nothing is: there is no place for it";

    private static string Lag(PeerFact peer) => peer.LateCause > peer.LagCause
        ? "has not said what it subscribes to and retains"
        : $"has not confirmed one for {Text(peer.Waited)}";

    private static string Skew(PeerFact peer) =>
        $"{Text(peer.Skew.Duration())} {(peer.Skew > TimeSpan.Zero ? "ahead" : "behind")}";

    private static string Names<T>(IReadOnlyCollection<T> nodes, Func<T, string> name)
    {
        var named = string.Join(", ", nodes.Take(MostNamed).Select(name));
        return nodes.Count > MostNamed ? $"{named} and {nodes.Count - MostNamed} more" : named;
    }

    private static string Text(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.##} s");
}
