using System.Security.Cryptography;
using Cassini.Streams.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Cassini.Management.Telemetry;

/// <summary>
/// Export over OTLP, configured by our settings and by the variables that OpenTelemetry defines for every program
/// (<c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, <c>…_HEADERS</c>, <c>…_CERTIFICATE</c>, <c>OTEL_RESOURCE_ATTRIBUTES</c> …), which its packages read
/// by themselves.
/// </summary>
internal sealed class OtlpExport
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    public const string ServiceNameVariable = "OTEL_SERVICE_NAME";

    private const string Prefix = "OTEL_";
    private const string TracesEndpointVariable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string MetricsEndpointVariable = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    private readonly IConfiguration _configuration;

    public OtlpExport(TelemetryOptions options, IReadOnlyDictionary<string, string> environment)
    {
        var values = environment
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(variable => variable.Key, variable => (string?)variable.Value, StringComparer.Ordinal);
        values[ServiceNameVariable] = options.ServiceName;
        values[EndpointVariable] = options.OtlpEndpoint;
        _configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    /// <summary>Whether there is somewhere to send traces.</summary>
    public bool HasTraces => Has(EndpointVariable) || Has(TracesEndpointVariable);

    /// <summary>Whether there is somewhere to send metrics.</summary>
    public bool HasMetrics => Has(EndpointVariable) || Has(MetricsEndpointVariable);

    /// <summary>Builds what collects metrics, and sends them if there is somewhere to send them.</summary>
    /// <exception cref="ExportConfigurationException">A variable or setting cannot be used.</exception>
    public MeterProvider Build(MeterProviderBuilder builder) => HasMetrics
        ? Configured(() => builder
            .ConfigureServices(services => services.AddSingleton(_configuration))
            .ConfigureResource(Describe)
            .AddOtlpExporter()
            .Build())
        : builder.Build();

    /// <summary>
    /// Begins to send the spans of one source. The code that begins a span decided whether it is a trace of its own; the sampler only
    /// follows.
    /// </summary>
    /// <returns>Sends what is left and ends; null when there is nowhere to send them.</returns>
    /// <exception cref="ExportConfigurationException">A variable or setting cannot be used.</exception>
    public TracerProvider? StartTraces(string source) => !HasTraces ? null : Configured(() => Sdk.CreateTracerProviderBuilder()
        .ConfigureServices(services => services.AddSingleton(_configuration))
        .ConfigureResource(Describe)
        .AddSource(source)
        .SetSampler(new ParentBasedSampler(new AlwaysOnSampler()))
        .AddOtlpExporter()
        .Build());

    /// <summary>Translates the exceptions that the OpenTelemetry packages throw for variables that they cannot use.</summary>
    private static T Configured<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception wrong)
            when (wrong is ArgumentException or IOException or UriFormatException or CryptographicException or InvalidOperationException)
        {
            throw new ExportConfigurationException(
                $"telemetry cannot be exported: {wrong.Message.Split('\n')[0]}; look at the OTEL_EXPORTER_OTLP_ variables", wrong);
        }
    }

    private static void Describe(ResourceBuilder resource) =>
        resource.AddAttributes([new("service.version", BrokerHost.Version)]).AddEnvironmentVariableDetector();

    private bool Has(string variable) => !string.IsNullOrEmpty(_configuration[variable]);
}
