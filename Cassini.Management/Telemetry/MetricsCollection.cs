using System.Collections.Immutable;
using Cassini.Streams.Health;

namespace Cassini.Management.Telemetry;

/// <summary>The result of one collection and its serialized forms, each made once for all callers.</summary>
/// <param name="snapshot">The snapshot that its numbers come from; null after the end.</param>
/// <param name="families">The metrics that it found.</param>
internal sealed class MetricsCollection(HealthSnapshot? snapshot, ImmutableArray<MetricFamily> families)
{
    private byte[]? _prometheus;
    private byte[]? _openMetrics;
    private byte[]? _json;

    public ImmutableArray<MetricFamily> Families => families;

    // Two threads may both write one: harmless, and no lock.
    public byte[] Prometheus => _prometheus ??= MetricsText.Write(families, openMetrics: false);

    public byte[] OpenMetrics => _openMetrics ??= MetricsText.Write(families, openMetrics: true);

    public byte[] Json => _json ??= MetricsJson.Write(snapshot, families);
}
