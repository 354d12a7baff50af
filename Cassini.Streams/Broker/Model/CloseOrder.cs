using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>How a connection is to end.</summary>
/// <param name="Reason">What the client is told, if it speaks MQTT 5.0.</param>
/// <param name="CloseReason">What the events say.</param>
/// <param name="Detail">For people; empty when the reason says all.</param>
/// <param name="Clause">The clause that the peer broke; empty when it broke none.</param>
internal sealed record CloseOrder(ReasonCode Reason, CloseReason CloseReason, string Detail = "", string Clause = "");
