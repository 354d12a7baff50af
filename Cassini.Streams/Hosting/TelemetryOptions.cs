using Cassini.Streams.Settings;

namespace Cassini.Streams.Hosting;

/// <summary>What the broker exports to other systems over OTLP.</summary>
public sealed record TelemetryOptions
{
    /// <summary>The name of this service in traces and metrics, OpenTelemetry's <c>service.name</c>.</summary>
    public string ServiceName { get; init; } = "cassini";

    /// <summary>
    /// The share of connections and messages that begin a trace of their own. A message with a trace context follows the decision of
    /// that context.
    /// </summary>
    [Within(0, 1)]
    public double TraceRatio { get; init; } = 0.01;

    /// <summary>The OTLP collector that receives traces and metrics. Without it nothing is exported.</summary>
    [Form("http or https URL")]
    public string? OtlpEndpoint { get; init; }
}
