using System.Diagnostics.Metrics;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Cassini.Management.Telemetry;

/// <summary>
/// The instruments of one host and what collects them: scrapes of /metrics, and OTLP if it is wanted. The meter is the host's
/// own, and other hosts' meters of the same name in the same process are left out. Thread-safe.
/// </summary>
internal sealed class CassiniMetrics : IAsyncDisposable
{
    public const string MeterName = "Cassini";

    /// <summary>The SDK sets aside memory for this many label sets of each metric; none of ours has half as many.</summary>
    private const int MostSeries = 128;

    private readonly Lock _gate = new();
    private readonly Meter _meter = new(MeterName, BrokerHost.Version);
    private readonly MetricsSource _source;
    private readonly FamilyExporter _exporter = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;
    private readonly IDisposable _durations;
    private TaskCompletionSource<MetricsCollection>? _next;
    private Task _last = Task.CompletedTask;
    private bool _isDisposed;

    /// <summary>Makes the instruments.</summary>
    /// <param name="read">Reads every number of one instant.</param>
    /// <param name="hub">Publishes the events that carry durations.</param>
    /// <param name="hasBroker">Whether there is an MQTT broker to report on.</param>
    /// <param name="hasStore">Whether there is a durable store to report on.</param>
    /// <param name="export">Where else the metrics go; null for nowhere.</param>
    /// <param name="time">The one clock.</param>
    /// <exception cref="ExportConfigurationException">The export cannot be used as it is configured.</exception>
    public CassiniMetrics(
        Func<MetricsReading> read, EventHub hub, bool hasBroker, bool hasStore, OtlpExport? export, TimeProvider time)
    {
        _source = new MetricsSource(read, time);
        _reader = new BaseExportingMetricReader(_exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative };
        var builder = Sdk.CreateMeterProviderBuilder().AddMeter(MeterName, RuntimeMetrics.MeterName).AddView(ViewOf).AddReader(_reader);
        _provider = export is null ? builder.Build() : export.Build(builder);

        var instruments = new Instruments(_meter, _source);
        HealthInstruments.AddTo(instruments);
        TrafficInstruments.AddTo(instruments);
        FaultInstruments.AddTo(instruments);
        FeedInstruments.AddTo(instruments);
        if (hasBroker)
        {
            BrokerInstruments.AddTo(instruments);
        }

        if (hasStore)
        {
            StoreInstruments.AddTo(instruments);
        }

        _durations = hub.Observe("metrics").Subscribe(new Durations(_meter));
        ProcessInstruments.AddTo(_meter);
    }

    /// <summary>
    /// The numbers of an instant after the call. One collection runs at a time, and callers that wait for it share the next: each gets
    /// one that began after it asked.
    /// </summary>
    public Task<MetricsCollection> CollectAsync()
    {
        TaskCompletionSource<MetricsCollection> next;
        Task last;
        lock (_gate)
        {
            if (_next is not null)
            {
                return _next.Task;
            }

            next = _next = new TaskCompletionSource<MetricsCollection>(TaskCreationOptions.RunContinuationsAsynchronously);
            last = _last;
        }

        return CollectAfterAsync(last, next);
    }

    /// <summary>
    /// Ends, and sends the last numbers to the collector. A running collection ends first, and no further one begins; later calls change
    /// nothing.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            last = _last;
        }

        // The collection that has begun needs all of this. Its callers receive its failure.
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _durations.Dispose();

        // The SDK blocks the thread for as long as the collector does not answer.
        await Task.Run(_provider.Dispose);
        _meter.Dispose();
        _source.Dispose();
    }

    /// <summary>For the first caller that asked: the others wait for what this one collects.</summary>
    private async Task<MetricsCollection> CollectAfterAsync(Task last, TaskCompletionSource<MetricsCollection> next)
    {
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bool isDisposed;
        lock (_gate)
        {
            // It begins: a caller that asks from now on waits for the one after it.
            _next = null;
            _last = next.Task;
            isDisposed = _isDisposed;
        }

        try
        {
            next.SetResult(isDisposed ? new MetricsCollection(null, []) : Collect());
        }
        catch (Exception failure)
        {
            next.SetException(failure);
        }

        return await next.Task;
    }

    private MetricsCollection Collect()
    {
        var reading = _source.Hold(() => _reader.Collect());
        return new MetricsCollection(reading.Snapshot, _exporter.Families);
    }

    private MetricStreamConfiguration ViewOf(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter)
        ? new MetricStreamConfiguration { CardinalityLimit = MostSeries }
        : RuntimeMetrics.ViewOf(instrument, MostSeries);
}
