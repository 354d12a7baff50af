using System.Diagnostics.Metrics;

namespace Cassini.Management.Telemetry;

/// <summary>Makes observable instruments that read a <see cref="MetricsSource"/>.</summary>
internal sealed class Instruments(Meter meter, MetricsSource source)
{
    public Instruments Counter(string name, string unit, string help, Func<MetricsReading, long> value)
    {
        meter.CreateObservableCounter(name, () => value(source.Current), unit, help);
        return this;
    }

    public Instruments Counter(string name, string unit, string help, Func<MetricsReading, double> value)
    {
        meter.CreateObservableCounter(name, () => value(source.Current), unit, help);
        return this;
    }

    public Instruments Counter(string name, string unit, string help, Func<MetricsReading, IEnumerable<Measurement<long>>> values)
    {
        meter.CreateObservableCounter(name, () => values(source.Current), unit, help);
        return this;
    }

    public Instruments Gauge(string name, string? unit, string help, Func<MetricsReading, double> value)
    {
        meter.CreateObservableGauge(name, () => value(source.Current), unit, help);
        return this;
    }

    public Instruments Gauge(string name, string? unit, string help, Func<MetricsReading, IEnumerable<Measurement<double>>> values)
    {
        meter.CreateObservableGauge(name, () => values(source.Current), unit, help);
        return this;
    }

    /// <summary>A counter for each of a closed set of words.</summary>
    public Instruments Counter(
        string name, string unit, string help, string label, string[] words, Func<MetricsReading, IReadOnlyList<long>> counts) =>
        Counter(name, unit, help, reading =>
        {
            var of = counts(reading);
            return words.Select((word, i) => Of(of[i], label, word));
        });

    /// <summary>A gauge for each of a closed set of words: 1 for the current one.</summary>
    public Instruments OneOf(string name, string help, string label, string[] words, Func<MetricsReading, int> which) =>
        Gauge(name, null, help, reading =>
        {
            var stands = which(reading);
            return words.Select((word, i) => Of(i == stands ? 1.0 : 0.0, label, word));
        });

    public static Measurement<T> Of<T>(T value, string label, string word)
        where T : struct => new(value, new KeyValuePair<string, object?>(label, word));

    public static Measurement<T> Of<T>(T value, string label1, string word1, string label2, string word2)
        where T : struct => new(value, new KeyValuePair<string, object?>(label1, word1), new KeyValuePair<string, object?>(label2, word2));
}
