using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Cassini.Management.Telemetry;

/// <summary>Writes the Prometheus text format 0.0.4, or OpenMetrics 1.0.0: they differ in little.</summary>
internal sealed class MetricsText
{
    public const string PrometheusType = "text/plain; version=0.0.4; charset=utf-8";

    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly StringBuilder _text = new(32_768);
    private readonly bool _openMetrics;

    private MetricsText(bool openMetrics) => _openMetrics = openMetrics;

    public static byte[] Write(ImmutableArray<MetricFamily> families, bool openMetrics)
    {
        var writer = new MetricsText(openMetrics);
        foreach (var family in families)
        {
            writer.Family(family);
        }

        writer._text.Append(openMetrics ? "# EOF\n" : "");
        return Encoding.UTF8.GetBytes(writer._text.ToString());
    }

    private void Family(MetricFamily family)
    {
        // In OpenMetrics the suffix belongs to the sample, in the older format to the family as well.
        var samples = family.Kind == MetricKind.Counter ? $"{family.Name}_total" : family.Name;
        var name = _openMetrics ? family.Name : samples;
        _text.Append("# HELP ").Append(name).Append(' ');
        Escaped(family.Help, quotes: _openMetrics);
        _text.Append("\n# TYPE ").Append(name).Append(' ').Append(Word(family.Kind)).Append('\n');
        if (_openMetrics && family.Unit.Length > 0)
        {
            _text.Append("# UNIT ").Append(name).Append(' ').Append(family.Unit).Append('\n');
        }

        foreach (var sample in family.Samples)
        {
            if (family.Kind == MetricKind.Histogram)
            {
                Histogram(samples, sample);
            }
            else
            {
                Sample(samples, "", sample.Labels, sample.Value);
            }
        }
    }

    private void Histogram(string name, MetricSample sample)
    {
        foreach (var bucket in sample.Buckets)
        {
            Sample(name, "_bucket", sample.Labels.Add(new("le", Bound(bucket.Bound))), bucket.Count);
        }

        Sample(name, "_sum", sample.Labels, sample.Value);
        Sample(name, "_count", sample.Labels, sample.Buckets[^1].Count);
    }

    private void Sample(string name, string suffix, ImmutableArray<KeyValuePair<string, string>> labels, double value)
    {
        _text.Append(name).Append(suffix);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Key).Append("=\"");
            Escaped(labels[i].Value, quotes: true);
            _text.Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(Number(value)).Append('\n');
    }

    /// <summary>OpenMetrics wants bounds to be floating-point numbers, so that one bound has one name.</summary>
    private string Bound(double bound)
    {
        var text = Number(bound);
        return _openMetrics && double.IsInteger(bound) && !text.Contains('E', StringComparison.Ordinal) ? $"{text}.0" : text;
    }

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Word(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    private void Escaped(string text, bool quotes)
    {
        foreach (var character in text)
        {
            _ = character switch
            {
                '\\' => _text.Append(@"\\"),
                '"' when quotes => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(character),
            };
        }
    }
}
