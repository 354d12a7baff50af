using System.Collections.Immutable;

namespace Cassini.Streams.Events;

/// <summary>The bus of the fleet is connected, for what its nodes say to each other and for messages.</summary>
/// <param name="Server">The server that the connection for what nodes say goes to.</param>
public sealed record EngineConnected(string Server) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// The bus of the fleet is not connected: one of its two connections was lost, or could not be made. Published again when the problem becomes another
/// one. A node that stops closes the connection itself and does not publish this.
/// </summary>
/// <param name="Problem">What is wrong, for people.</param>
public sealed record EngineLost(string Problem) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// This process is a node of a fleet from now on. Published once, at the start and before the process is ready; never by a broker on its
/// own.
/// </summary>
/// <param name="Node">The name of this node.</param>
/// <param name="Fleet">The name of the fleet.</param>
/// <param name="IsolationGrace">How long others must serve without this node until it is isolated.</param>
/// <param name="ReadyAlone">Whether this node is ready while its bus is lost and nobody is known to serve without it.</param>
public sealed record FleetEntered(string Node, string Fleet, TimeSpan IsolationGrace = default, bool ReadyAlone = true) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// Another process runs under the name of this node. The earlier of the two is the node; the later gives way, and takes no part in the
/// fleet. Published once until <see cref="NameFreed"/>, and again when this process has to give way after all.
/// </summary>
/// <param name="Node">The name of this node.</param>
/// <param name="OtherEpoch">The run of the other process, 16 hexadecimal digits.</param>
/// <param name="GivesWay">Whether this process is the one that gives way.</param>
public sealed record NameTaken(string Node, string OtherEpoch, bool GivesWay) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>The other process of <see cref="NameTaken"/> is not heard any more: the name is this node's alone.</summary>
/// <param name="Node">The name of this node.</param>
public sealed record NameFreed(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// This node knows what all live peers subscribe to and retain. Published once after the start; after <see cref="FleetJoinLate"/> too,
/// when the late peers have said it.
/// </summary>
/// <param name="Peers">How many live peers there are.</param>
/// <param name="Duration">How long it took since <see cref="FleetEntered"/>.</param>
public sealed record FleetJoined(int Peers, TimeSpan Duration) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// Some peers have not said in time what they subscribe to, or not sent all that they retain. This node is ready all the same: until then
/// it may not forward messages that their clients subscribe to, and not have retained messages that they have.
/// </summary>
/// <param name="Nodes">The names of these peers; empty when none is known, because the bus is not connected.</param>
public sealed record FleetJoinLate(ImmutableArray<string> Nodes) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;

    /// <inheritdoc/>
    public bool Equals(FleetJoinLate? other) => other is not null && Nodes.AsSpan().SequenceEqual(other.Nodes.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Nodes.Length;
}

/// <summary>
/// A peer is there: a new one, or a new run of one that was known. Nothing that was said about an earlier run is true of it.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="PeerEpoch">The run of its process, 16 hexadecimal digits.</param>
public sealed record PeerJoined(string Node, string PeerEpoch) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A peer was not heard for so long that it may be lost.</summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Silence">How long it was not heard.</param>
public sealed record PeerSuspected(string Node, TimeSpan Silence) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A peer that was suspect or lost is heard again, and it is the same run of its process.</summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Silence">How long it was not heard.</param>
public sealed record PeerBack(string Node, TimeSpan Silence) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// A peer was not heard for so long that this node goes on without it. What else was said about this run of it (its subscriptions, its
/// settings, its clock, the link to it) holds when it is back, until the end of it is published.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="PeerEpoch">The run of its process, 16 hexadecimal digits.</param>
/// <param name="Silence">How long it was not heard.</param>
public sealed record PeerLost(string Node, string PeerEpoch, TimeSpan Silence) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A peer has stopped gracefully. Whatever was said about it ends.</summary>
/// <param name="Node">The name of the peer.</param>
public sealed record PeerLeft(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A lost peer is no longer mentioned: an operator said so, or seven days are over.</summary>
/// <param name="Node">The name of the peer.</param>
public sealed record PeerForgotten(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// A peer says something else over HTTP, the second path to it, than before. Peers are asked there while the bus is not connected, or they
/// are not heard on it. Published when the answer changes, and with <see cref="PeerAnswer.None"/> at the end.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Answer">What it says.</param>
public sealed record PeerSeen(string Node, PeerAnswer Answer) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// A peer has not confirmed a subscription of this node in time. The client's SUBSCRIBE was answered all the same, so messages that are
/// published at that peer may not reach it yet.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Waited">How long the oldest subscription has waited.</param>
public sealed record InterestLagging(string Node, TimeSpan Waited) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// A peer has confirmed all subscriptions of this node again, or a peer of <see cref="FleetJoinLate"/> has said what it subscribes to.
/// </summary>
/// <param name="Node">The name of the peer.</param>
public sealed record InterestConfirmed(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>The settings or the access rules of a peer differ from those of this node, or are the same again.</summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="What">What differs, for people; empty when nothing does any more.</param>
public sealed record PeerDiffers(string Node, string What) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>The clock of a peer differs from that of this node by more than a second, or is right again.</summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Skew">How far its clock is ahead; negative when it is behind, zero when it is right again.</param>
public sealed record PeerClockSkewed(string Node, TimeSpan Skew) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// A peer is heard and takes no messages of QoS 1 and 2, so publishers wait for it. When that lasts for as long as a silence after which it
/// would be lost, they do not wait any more, and what its kept sessions must not miss is kept for it, until it takes something.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Waited">How long nothing was taken.</param>
public sealed record LinkStalled(string Node, TimeSpan Waited) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A peer takes messages again, or is lost.</summary>
/// <param name="Node">The name of the peer.</param>
public sealed record LinkResumed(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// Messages of QoS 0 to a peer are dropped, because it takes no more. Published when that begins, and not for each message.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Dropped">How many were dropped so far.</param>
public sealed record LinkDropping(string Node, long Dropped) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A peer takes all messages again.</summary>
/// <param name="Node">The name of the peer.</param>
public sealed record LinkRecovered(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// A session that outlives its connections came from another node, because its client has connected to this one. It is durable here.
/// </summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="From">The node that it came from.</param>
/// <param name="Messages">How many messages came with it.</param>
/// <param name="Duration">How long it took.</param>
public sealed record SessionArrived(string ClientId, string From, long Messages, TimeSpan Duration) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// Retained messages of a peer cannot be retained here: there is no room for them, or they are too large for the bus. Who subscribes here
/// does not get them. Published again when their number changes.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Missing">How many there are.</param>
public sealed record RetainedIncomplete(string Node, long Missing) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>
/// What is for sessions of a peer that is gone cannot be kept for it: there is no place for it, or no more room. Published again when the
/// number changes.
/// </summary>
/// <param name="Node">The name of the peer.</param>
/// <param name="Dropped">
/// How many messages were dropped so far; 0 when nothing is kept for it at all, because there is no
/// place for one more session.
/// </param>
public sealed record MessagesNotKept(string Node, long Dropped) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>Nothing that is for sessions of a peer is lost any more: it is back and has what was kept for it, or it is forgotten.</summary>
/// <param name="Node">The name of the peer.</param>
public sealed record MessagesKept(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>A session did not come from another node: it stays there, and its client was refused.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="From">The node that has it.</param>
/// <param name="Problem">Why, for people.</param>
public sealed record SessionNotArrived(string ClientId, string From, string Problem) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}

/// <summary>This node has all retained messages of a peer again.</summary>
/// <param name="Node">The name of the peer.</param>
public sealed record RetainedComplete(string Node) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Cluster;
}
