namespace Cassini.Streams.Hosting;

/// <summary>What is told of the broker to other systems over OTLP.</summary>
public sealed record TelemetryOptions
{
    /// <summary>The name of this service in traces and metrics, OpenTelemetry's <c>service.name</c>. Default cassini.</summary>
    public string ServiceName { get; init; } = "cassini";

    /// <summary>
    /// The share of connections and messages that begin a trace of their own. A message that brings a trace context follows that
    /// one's decision. Default 0.01.
    /// </summary>
    public double TraceRatio { get; init; } = 0.01;

    /// <summary>The OTLP collector that gets traces and metrics, an http or https URL. Default null: nothing is exported.</summary>
    public string? OtlpEndpoint { get; init; }
}
