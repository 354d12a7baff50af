using Cassini.Streams.Settings;

namespace Cassini.Management.Telemetry;

/// <summary>Where traces and metrics are exported to over OTLP.</summary>
internal sealed record TelemetryOptions : IOptionsRecord
{
    /// <summary>The name of this service in traces and metrics, OpenTelemetry's <c>service.name</c>.</summary>
    public string ServiceName { get; init; } = "cassini";

    /// <summary>The OTLP collector that receives traces and metrics. Without it nothing is exported.</summary>
    [Form("http or https URL")]
    public string? OtlpEndpoint { get; init; }
}
