using Cassini.Management.Http;
using Cassini.Management.Telemetry;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings;

namespace Cassini.Web.Cli.Settings;

/// <summary>Every setting of <c>serve</c>.</summary>
internal static class SettingsCatalog
{
    /// <summary>The settings in the order of docs/operate/settings.md, which is made from them.</summary>
    public static IReadOnlyList<SettingDescription> All { get; } = SettingsSection.Describe(
    [
        .. CassiniOptionsValidator.Sections,
        ManagementSettings.Section,
        TelemetrySettings.Section,
        new SettingsSection<ProcessOptions>("", new ProcessOptions()),
        new SettingsSection<LoggingOptions>(SettingKeys.Logging, new LoggingOptions()),
        ListenAddresses.Section,
    ]);

    /// <summary>
    /// Every error of every section, each with the setting's key, its value and what is allowed; empty when all are valid.
    /// </summary>
    public static IReadOnlyList<SettingError> Validate(CassiniOptions broker, ProcessOptions process)
    {
        List<SettingError> errors =
        [
            .. CassiniOptionsValidator.Validate(broker),
            .. ManagementSettings.Section.Validate(process.Management),
            .. TelemetrySettings.Section.Validate(process.Telemetry),
        ];
        return [.. errors, .. ListenAddresses.Section.Validate(new(broker.Listener, process.Management), errors)];
    }
}
