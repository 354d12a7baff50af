using System.Collections.Immutable;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Cassini.Management.Telemetry;

/// <summary>Takes what a collection found out of the SDK's reused memory. Called by its reader alone, one collection at a time.</summary>
internal sealed class FamilyExporter : BaseExporter<Metric>
{
    /// <summary>The last collection.</summary>
    public ImmutableArray<MetricFamily> Families { get; private set; } = [];

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = ImmutableArray.CreateBuilder<MetricFamily>();
        foreach (var metric in batch)
        {
            families.Add(FamilyOf(metric));
        }

        Families = families.DrainToImmutable();
        return ExportResult.Success;
    }

    private static MetricFamily FamilyOf(Metric metric)
    {
        var samples = ImmutableArray.CreateBuilder<MetricSample>();
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            samples.Add(SampleOf(metric.MetricType, point));
        }

        var kind = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => MetricKind.Counter,
            MetricType.Histogram => MetricKind.Histogram,
            _ => MetricKind.Gauge,
        };
        var unit = PrometheusNames.Unit(metric.Unit);
        return new MetricFamily(PrometheusNames.Family(metric.Name, unit), kind, unit, metric.Description, samples.DrainToImmutable());
    }

    private static MetricSample SampleOf(MetricType type, in MetricPoint point)
    {
        var labels = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(point.Tags.Count);
        foreach (var tag in point.Tags)
        {
            labels.Add(new(PrometheusNames.Label(tag.Key), $"{tag.Value}"));
        }

        return new MetricSample(
            labels.DrainToImmutable(),
            type switch
            {
                MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
                MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
                MetricType.LongGauge => point.GetGaugeLastValueLong(),
                MetricType.Histogram => point.GetHistogramSum(),
                _ => point.GetGaugeLastValueDouble(),
            },
            type == MetricType.Histogram ? Buckets(point) : []);
    }

    private static ImmutableArray<MetricBucket> Buckets(in MetricPoint point)
    {
        var buckets = ImmutableArray.CreateBuilder<MetricBucket>();
        var count = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            buckets.Add(new MetricBucket(bucket.ExplicitBound, count));
        }

        return buckets.DrainToImmutable();
    }
}
