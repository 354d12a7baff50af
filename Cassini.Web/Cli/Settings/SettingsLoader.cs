using Cassini.Streams.Hosting;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// Reads settings from the file, the environment and the flags, the weakest first, and gives checked options, or every error at once.
/// </summary>
internal static class SettingsLoader
{
    /// <summary>The settings; null when there are errors.</summary>
    public static ServeSettings? Load(CliContext context, string? configFile, SettingsLayer flags, List<string> errors)
    {
        var warnings = new List<string>();
        var reader = new OptionsReader(
        [
            SettingsFile.Read(configFile, context.WorkingDirectory, errors),
            SettingsEnvironment.Read(context.Environment, warnings),
            flags,
        ]);
        var broker = reader.Read<CassiniOptions>();
        var process = reader.Read<ProcessOptions>();
        reader.ReportUnknown();

        var tls = TlsPlan.Of(broker, process.DataDirectory, context.Environment);
        errors.AddRange(reader.Errors);
        errors.AddRange(tls.Errors.Concat(SettingsCatalog.Validate(tls.Options, process)).Select(reader.Locate));
        return errors.Count > 0
            ? null
            : new ServeSettings
            {
                Options = tls.Options,
                Process = process,
                DevelopmentCertificates = tls.DevelopmentDirectory,
                Warnings = [.. warnings, .. reader.Warnings, .. ManagementWarnings.Of(process.Management)],
            };
    }
}
