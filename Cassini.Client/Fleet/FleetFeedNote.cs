using Cassini.Streams.Events;

namespace Cassini.Streams.Fleet;

/// <summary>A note of a fleet's feed, and what is known of the fleet after it.</summary>
/// <param name="Snapshot">What is known now. <see cref="HealthStatus.Unknown"/> and not ready while no address answers.</param>
public abstract record FleetFeedNote(FleetSnapshot Snapshot);
