using Cassini.Streams.Settings;

namespace Cassini.Management.Telemetry;

/// <summary>The section <c>Telemetry</c>, and the rules between its settings.</summary>
internal static class TelemetrySettings
{
    private const string Endpoint = "Telemetry:OtlpEndpoint";

    public static SettingsSection<TelemetryOptions> Section { get; } = new(
        "Telemetry",
        new TelemetryOptions(),
        SettingRule<TelemetryOptions>.NotEmpty("Telemetry:ServiceName", "name", "name the service", telemetry => telemetry.ServiceName),
        SettingRule<TelemetryOptions>.Finding(Endpoint, "without user name and password", FaultsOfEndpoint));

    /// <summary>No message contains the value, because it may hold a password.</summary>
    private static SettingError[] FaultsOfEndpoint(TelemetryOptions telemetry)
    {
        if (telemetry.OtlpEndpoint is not { } endpoint)
        {
            return [];
        }

        var isUrl = Uri.TryCreate(endpoint, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
        return !isUrl ? [SettingError.NotAllowed(Endpoint, "the value", "give an http or https URL")]
            : url!.UserInfo.Length > 0
                ? [SettingError.NotAllowed(Endpoint, "a user name or password", "credentials go into OTEL_EXPORTER_OTLP_HEADERS")]
            : [];
    }
}
