using Cassini.Streams.Settings;

namespace Cassini.Streams.Hosting;

/// <summary>What the broker traces.</summary>
public sealed record TracingOptions : IOptionsRecord
{
    /// <summary>
    /// The share of connections and messages that begin a trace of their own. A message with a trace context follows the decision of
    /// that context.
    /// </summary>
    [Within(0, 1)]
    public double TraceRatio { get; init; } = 0.01;
}
