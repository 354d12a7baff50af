using System.Diagnostics;
using Cassini.Streams.Events.Hub;

namespace Cassini.Management.Telemetry;

/// <summary>A delivery of the hub with the trace of its connection.</summary>
/// <param name="Delivery">An event, or the gap where events are missing.</param>
/// <param name="Trace">The trace; null when the event is of no connection, or its connection is not traced.</param>
internal readonly record struct TracedDelivery(Delivery Delivery, ActivityContext? Trace);
