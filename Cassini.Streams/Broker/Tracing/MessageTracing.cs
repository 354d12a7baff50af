using System.Diagnostics;

namespace Cassini.Streams.Broker.Tracing;

/// <summary>Which messages begin a trace, and the source of its spans.</summary>
/// <param name="Spans">The source of the spans of messages.</param>
/// <param name="Ratio">The share of messages without a trace context that begin a trace: 0 to 1, none by default.</param>
internal sealed record MessageTracing(ActivitySource Spans, double Ratio = 0);
