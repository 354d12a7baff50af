using System.Collections.Immutable;

namespace Cassini.Management.Telemetry;

/// <summary>What a family's samples are.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One metric of one collection, under its Prometheus name.</summary>
/// <param name="Name">With its unit, without a counter's <c>_total</c>.</param>
/// <param name="Kind">What its samples are.</param>
/// <param name="Unit">The suffix of the name; empty when the name has none.</param>
/// <param name="Help">What it means.</param>
/// <param name="Samples">Its samples; their labels differ.</param>
internal sealed record MetricFamily(string Name, MetricKind Kind, string Unit, string Help, ImmutableArray<MetricSample> Samples);

/// <summary>One sample.</summary>
/// <param name="Labels">Names that Prometheus takes, and their values.</param>
/// <param name="Value">The value; a histogram's sum.</param>
/// <param name="Buckets">A histogram's; empty otherwise.</param>
internal sealed record MetricSample(
    ImmutableArray<KeyValuePair<string, string>> Labels, double Value, ImmutableArray<MetricBucket> Buckets);

/// <summary>How many observations were no greater than a bound.</summary>
/// <param name="Bound">The bound; infinity in the last bucket.</param>
/// <param name="Count">How many, all smaller ones included.</param>
internal readonly record struct MetricBucket(double Bound, long Count);
