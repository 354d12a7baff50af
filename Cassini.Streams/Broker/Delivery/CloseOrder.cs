using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>Why a connection must close, for its client and for the events.</summary>
/// <param name="Reason">The reason code that an MQTT 5.0 client receives.</param>
/// <param name="CloseReason">What the events say.</param>
/// <param name="Detail">For people; empty when the reason says all.</param>
/// <param name="Clause">The clause that the peer broke; empty when it broke none.</param>
internal sealed record CloseOrder(ReasonCode Reason, CloseReason CloseReason, string Detail = "", string Clause = "");
