using System.Diagnostics;

namespace Cassini.Streams.Broker.Model;

/// <summary>Which messages begin traces, and where.</summary>
/// <param name="Spans">Where the spans of messages begin.</param>
/// <param name="Ratio">The share of messages without a trace context that begin a trace: 0 to 1, none by default.</param>
public sealed record MessageTracing(ActivitySource Spans, double Ratio = 0);
