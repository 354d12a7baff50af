using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Settings;
using Cassini.Streams.Settings.Reading;
using Cassini.Streams.Tls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Cassini.Streams.Hosting;

/// <summary>Reads a broker's options from an application's configuration, with the names and the errors of a settings file.</summary>
internal static class ConfiguredOptions
{
    /// <summary>Settings of the executable, which may stand beside the broker's.</summary>
    private static readonly HashSet<string> Executables = new(["Management", "Logging", "DataDirectory"], StringComparer.OrdinalIgnoreCase);

    private static readonly HashSet<string> Sections = Names<CassiniOptions>();
    private static readonly HashSet<string> Tracing = Names<TracingOptions>();

    /// <summary>The options, valid as a whole.</summary>
    /// <param name="configuration">The section with the settings, or a whole configuration.</param>
    /// <param name="configure">Changes what was read; null to change nothing.</param>
    /// <exception cref="OptionsValidationException">A setting is wrong; it has every error.</exception>
    public static CassiniOptions Read(IConfiguration configuration, Func<CassiniOptions, CassiniOptions>? configure)
    {
        var isWhole = configuration is not IConfigurationSection;
        var reader = ReaderOf(configuration, key => IsOurs(key, isWhole));
        var read = reader.Read<CassiniOptions>();
        reader.ReportUnknown();

        var options = configure?.Invoke(read) ?? read;
        var missing = MissingFiles(options.Tls).ToList();
        var wrong = missing.Concat(CassiniOptionsValidator.Validate(missing.Count == 0 ? options : options with { Tls = null }));
        List<string> errors = [.. reader.Errors, .. wrong.Select(reader.Locate)];
        return errors.Count == 0
            ? options
            : throw new OptionsValidationException(Options.DefaultName, typeof(CassiniOptions), errors);
    }

    /// <summary>Reads those settings of a configuration that are meant, among which one that does not exist is an error.</summary>
    /// <param name="configuration">The section with the settings, or a whole configuration.</param>
    /// <param name="isMeant">Whether a key in it is meant.</param>
    public static OptionsReader ReaderOf(IConfiguration configuration, Func<string, bool> isMeant)
    {
        var path = configuration is IConfigurationSection section ? section.Path : "";
        var settings = configuration.AsEnumerable(makePathsRelative: true)
            .Where(pair => pair.Value is not null && isMeant(pair.Key))
            .Select(pair => new Setting(pair.Key, pair.Value, path.Length == 0 ? "configuration" : $"configuration {path}:{pair.Key}"));
        return new OptionsReader([new SettingsLayer([.. settings], UnknownIsError: true)]);
    }

    /// <summary>
    /// Whether it is for the broker. In a section for Cassini everything is, also what is misspelled; a whole configuration has the
    /// settings of others.
    /// </summary>
    private static bool IsOurs(string key, bool isWhole)
    {
        var (section, rest) = key.Split(':', 2) is [var first, var second] ? (first, second) : (key, "");
        return section.Equals(nameof(CassiniOptions.Telemetry), StringComparison.OrdinalIgnoreCase)
            ? Tracing.Contains(rest)
            : Sections.Contains(section) || !(isWhole || Executables.Contains(section));
    }

    private static IEnumerable<SettingError> MissingFiles(TlsOptions? tls)
    {
        (string Key, string? Path)[] needed =
        [
            ("Tls:CaPath", tls?.CaPath), ("Tls:ServerChainPath", tls?.ServerChainPath), ("Tls:ServerKeyPath", tls?.ServerKeyPath),
        ];
        return needed.Where(file => string.IsNullOrEmpty(file.Path)).Select(file => new SettingError(file.Key, "is missing"));
    }

    private static HashSet<string> Names<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>() => new(
        typeof(T).GetProperties().Where(property => property.CanWrite).Select(property => property.Name), StringComparer.OrdinalIgnoreCase);
}
