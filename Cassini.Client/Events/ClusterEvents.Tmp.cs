using System.Collections.Immutable;
namespace Cassini.Streams.Events;
#pragma warning disable
public sealed record EngineConnected(string Server) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record EngineLost(string Problem) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record FleetEntered(string Node, string Fleet) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record FleetJoined(int Peers, TimeSpan Duration) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record FleetJoinLate(ImmutableArray<string> Nodes) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerJoined(string Node, string PeerEpoch) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerSuspected(string Node, TimeSpan Silence) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerBack(string Node, TimeSpan Silence) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerLost(string Node, string PeerEpoch, TimeSpan Silence) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerLeft(string Node) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record InterestLagging(string Node, TimeSpan Waited) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record InterestConfirmed(string Node) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerDiffers(string Node, string What) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record PeerClockSkewed(string Node, TimeSpan Skew) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record LinkDropping(string Node, long Dropped) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
public sealed record LinkRecovered(string Node) : BrokerEvent { public override EventCategory Category => EventCategory.Lifecycle; }
