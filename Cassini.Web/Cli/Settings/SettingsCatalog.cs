using Cassini.Streams.Hosting;
using Cassini.Streams.Settings;

namespace Cassini.Web.Cli.Settings;

/// <summary>Every setting of <c>serve</c>, in the order of docs/operate/settings.md, which is made from it.</summary>
internal static class SettingsCatalog
{
    public static IReadOnlyList<SettingDescription> All { get; } = SettingsSection.Describe(
        [.. CassiniOptionsValidator.Sections, new SettingsSection<LoggingOptions>(SettingKeys.Logging, new LoggingOptions())]);
}
