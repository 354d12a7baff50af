using System.Collections.Immutable;
using Cassini.Streams.Feed;

namespace Cassini.Streams.Fleet;

/// <summary>The feed connects, and nothing is known yet. Always the first note.</summary>
/// <param name="Snapshot">Unknown, without nodes.</param>
public sealed record FleetConnecting(FleetSnapshot Snapshot) : FleetFeedNote(Snapshot);

/// <summary>A node sent all that it knows of the fleet.</summary>
/// <param name="Snapshot">What it sent.</param>
/// <param name="Management">The address that answered.</param>
/// <param name="IsResumed">Whether the changes missed since the last note follow without a gap. If not, changes may be lost.</param>
/// <param name="IsOtherSpeaker">Whether another node, or another run of the same, spoke before.</param>
public sealed record FleetFollowed(FleetSnapshot Snapshot, Uri Management, bool IsResumed, bool IsOtherSpeaker) : FleetFeedNote(Snapshot);

/// <summary>A change of the fleet.</summary>
/// <param name="Snapshot">The fleet after it; unchanged by one that the snapshot has already.</param>
/// <param name="Change">The change.</param>
public sealed record FleetChanged(FleetSnapshot Snapshot, FleetChange Change) : FleetFeedNote(Snapshot);

/// <summary>A heartbeat: the node that speaks is there, and there is no news.</summary>
/// <param name="Snapshot">Unchanged.</param>
public sealed record FleetHeartbeat(FleetSnapshot Snapshot) : FleetFeedNote(Snapshot);

/// <summary>Changes were lost; the whole fleet follows.</summary>
/// <param name="Snapshot">Unchanged.</param>
/// <param name="Reason">The reason that the node gives, as of <see cref="FeedReset"/>.</param>
public sealed record FleetReset(FleetSnapshot Snapshot, string Reason) : FleetFeedNote(Snapshot);

/// <summary>The node sent something that this client cannot read, such as a newer type. Only that is lost.</summary>
/// <param name="Snapshot">Unchanged.</param>
/// <param name="Problem">What it was, for people; one bounded line.</param>
public sealed record FleetProblem(FleetSnapshot Snapshot, string Problem) : FleetFeedNote(Snapshot);

/// <summary>An address is lost or does not answer, so every node is unknown; the client goes on with the next address.</summary>
/// <param name="Snapshot">Unknown.</param>
/// <param name="Lost">The address, and why.</param>
/// <param name="All">Every address that was lost since one answered, in the order of the feed's addresses.</param>
/// <param name="RetryIn">The pause before the next address is tried: zero until each was.</param>
public sealed record FleetLost(FleetSnapshot Snapshot, AddressLoss Lost, ImmutableArray<AddressLoss> All, TimeSpan RetryIn)
    : FleetFeedNote(Snapshot);
