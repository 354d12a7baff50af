using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Cassini.Web.Telemetry;

/// <summary>
/// The instruments of one host and whoever collects them: scrapes of /metrics, and OTLP if it is wanted. The meter is the host's
/// own, and other hosts' meters of the same name in the same process are left out. Thread-safe.
/// </summary>
internal sealed class CassiniMetrics : IDisposable
{
    public const string MeterName = "Cassini";

    /// <summary>The SDK sets aside memory for this many label sets of each metric; none of ours has half as many.</summary>
    private const int MostSeries = 128;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Meter _meter = new(MeterName, BrokerHost.Version);
    private readonly MetricsSource _source;
    private readonly FamilyExporter _exporter = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;
    private readonly IDisposable _durations;
    private MetricsCollection? _last;
    private bool _isDisposed;

    /// <summary>Makes the instruments.</summary>
    /// <param name="read">Reads every number of one instant.</param>
    /// <param name="hub">Where durations are told.</param>
    /// <param name="hasBroker">Whether there is an MQTT broker to tell of.</param>
    /// <param name="export">Where else the metrics go; null for nowhere.</param>
    /// <param name="time">The one clock.</param>
    public CassiniMetrics(Func<MetricsReading> read, EventHub hub, bool hasBroker, OtlpExport? export, TimeProvider time)
    {
        _time = time;
        _source = new MetricsSource(read, time);
        _reader = new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
        var builder = Sdk.CreateMeterProviderBuilder().AddMeter(MeterName, RuntimeMetrics.MeterName).AddView(ViewOf).AddReader(_reader);
        export?.Configure(builder);
        _provider = builder.Build();

        var instruments = new Instruments(_meter, _source);
        HealthInstruments.AddTo(instruments);
        TrafficInstruments.AddTo(instruments);
        FaultInstruments.AddTo(instruments);
        FeedInstruments.AddTo(instruments);
        if (hasBroker)
        {
            BrokerInstruments.AddTo(instruments);
        }

        _durations = hub.Observe("metrics").Subscribe(new Durations(_meter));
    }

    /// <summary>
    /// The numbers of an instant after the call. Callers that wait for each other share one collection: each gets one that began after
    /// it asked.
    /// </summary>
    public MetricsCollection Collect()
    {
        var asked = _time.GetTimestamp();
        lock (_gate)
        {
            if (_last is { } last && last.BeganAt > asked)
            {
                return last;
            }

            if (_isDisposed)
            {
                return _last = new MetricsCollection(asked, null, []);
            }

            var began = _time.GetTimestamp();
            var reading = _source.Hold(() => _reader.Collect());
            return _last = new MetricsCollection(began, reading.Snapshot, _exporter.Families);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _durations.Dispose();
                _provider.Dispose();
                _meter.Dispose();
                _source.Dispose();
            }
        }
    }

    private MetricStreamConfiguration ViewOf(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter)
        ? new MetricStreamConfiguration { CardinalityLimit = MostSeries }
        : RuntimeMetrics.ViewOf(instrument, MostSeries);
}
