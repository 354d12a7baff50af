using System.Diagnostics.Tracing;

namespace Cassini.Management.Telemetry;

/// <summary>
/// Logs that exporting fails, which the OpenTelemetry packages report only to an event source: the first time, and then once in a
/// while.
/// </summary>
internal sealed partial class ExportProblems(ILoggerFactory loggers, TimeProvider time) : EventListener
{
    private const string SdkSource = "OpenTelemetry-Sdk";
    private const string ExporterSource = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    private const string Ignored = "MetricInstrumentIgnored";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger = loggers.CreateLogger<ExportProblems>();
    private readonly Lock _gate = new();
    private long? _last;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name is SdkSource or ExporterSource)
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // The SDK reports each instrument of another meter, which it does not export. This is normal: it is not logged, and does not
        // start the pause, in which a real problem would not be logged.
        if (eventData.EventName == Ignored)
        {
            return;
        }

        lock (_gate)
        {
            if (_last is { } last && time.GetElapsedTime(last) < Pause)
            {
                return;
            }

            _last = time.GetTimestamp();
        }

        // An exception's first line says what, its stack says nothing more of a network.
        var parts = (eventData.Payload ?? []).Select(item => $"{item}".Split('\n')[0].Trim());
        var details = string.Join("; ", parts.Where(text => text.Length > 0));
        ExportFails(_logger, eventData.EventName ?? "", details);
    }

    [LoggerMessage(2200, LogLevel.Warning, "Telemetry export fails: {Event}: {Details}")]
    private static partial void ExportFails(ILogger logger, string @event, string details);
}
