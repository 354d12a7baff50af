using Cassini.Streams.Hosting;
using Cassini.Streams.Settings;
using Cassini.Streams.Settings.Reading;
using Cassini.Streams.Store;
using Cassini.Streams.Store.History;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// Reads settings from the file, the environment and the flags, the weakest first, and gives checked options, or every error at once.
/// </summary>
internal static class SettingsLoader
{
    /// <summary>The part of the data directory that holds the broker's state.</summary>
    private const string JournalName = "journal";

    /// <summary>The part of the data directory that holds the events.</summary>
    public const string HistoryName = "history";

    /// <summary>The same of earlier versions: it is used on when there is a history in it.</summary>
    public const string EarlierHistoryName = "store";

    private const string WaysToStore = $"give --data-dir or CASSINI_DATA_DIR, or set {SettingKeys.StoreDirectory}";

    private const string StoresNothing =
        "nothing is stored, because there is no home directory to keep the journal in: what waits for absent clients, their sessions and "
        + $"retained messages end with the process; {WaysToStore}; {SettingKeys.StoreLevel}={nameof(StoreLevel.Memory)} if that is wanted";

    /// <summary>The settings; null when there are errors.</summary>
    public static ServeSettings? Load(CliContext context, string? configFile, SettingsLayer flags, List<string> errors) =>
        Load(context, configFile, flags, errors, out _);

    /// <summary>The settings; null when there are errors.</summary>
    /// <param name="context">The environment, and the working directory.</param>
    /// <param name="configFile">The file that is named; null for the default one.</param>
    /// <param name="flags">The strongest layer.</param>
    /// <param name="errors">Gets every error.</param>
    /// <param name="logging">How to log, errors too: what could be read of it.</param>
    public static ServeSettings? Load(
        CliContext context, string? configFile, SettingsLayer flags, List<string> errors, out LoggingOptions logging)
    {
        var warnings = new List<string>();
        var file = SettingsFile.Read(configFile, context.WorkingDirectory, errors);
        var reader = new OptionsReader([file.Layer, SettingsEnvironment.Read(context.Environment, warnings), flags]);
        var broker = reader.Read<CassiniOptions>();
        var process = reader.Read<ProcessOptions>();
        logging = process.Logging;
        reader.ReportUnknown();

        var tls = TlsPlan.Of(broker, process.DataDirectory, context.Environment);
        errors.AddRange(reader.Errors);
        var options = InDataDirectory(tls.Options, DataDirectory.Of(process.DataDirectory, context.Environment));
        var storesNothing = options.Store is { Directory: null, Level: not StoreLevel.Memory };
        if (storesNothing && reader.Origins.ContainsKey(SettingKeys.StoreLevel))
        {
            errors.Add(reader.Locate(new SettingError(
                SettingKeys.StoreLevel,
                $"there is no home directory to keep the journal in: {WaysToStore}, or {nameof(StoreLevel.Memory)}")));
        }

        errors.AddRange(tls.Errors.Concat(SettingsCatalog.Validate(tls.Options, process)).Select(reader.Locate));
        return errors.Count > 0
            ? null
            : new ServeSettings
            {
                Options = options,
                Process = process,
                DevelopmentCertificates = tls.DevelopmentDirectory,
                LogLevels = file.Levels,
                Origins = reader.Origins,
                Warnings =
                [
                    .. file.Warnings, .. warnings, .. reader.Warnings, .. ManagementWarnings.Of(process.Management),
                    .. storesNothing ? [StoresNothing] : Array.Empty<string>(),
                ],
            };
    }

    /// <summary>Where the broker's state is, by the settings of the file and the environment; whatever else is in them.</summary>
    /// <param name="context">The environment, and the working directory.</param>
    /// <param name="configFile">The file that is named; null for the default one.</param>
    /// <param name="errors">Gets why the file cannot be read.</param>
    /// <returns>The full path; null when there are errors, and when there is no home.</returns>
    public static string? JournalDirectory(CliContext context, string? configFile, List<string> errors)
    {
        var file = SettingsFile.Read(configFile, context.WorkingDirectory, errors);
        var reader = new OptionsReader([file.Layer, SettingsEnvironment.Read(context.Environment, [])]);
        var options = reader.Read<CassiniOptions>();
        var data = DataDirectory.Of(reader.Read<ProcessOptions>().DataDirectory, context.Environment);
        return errors.Count > 0 ? null
            : options.Store.Directory is { Length: > 0 } given ? Path.GetFullPath(given, context.WorkingDirectory)
            : data is null ? null
            : Path.Combine(data, JournalName);
    }

    private static string HistoryIn(string data)
    {
        var (directory, earlier) = (Path.Combine(data, HistoryName), Path.Combine(data, EarlierHistoryName));
        return !Directory.Exists(directory) && File.Exists(Path.Combine(earlier, HistoryConnection.FileName)) ? earlier : directory;
    }

    private static CassiniOptions InDataDirectory(CassiniOptions options, string? data) => data is null ? options : options with
    {
        Store = options.Store with { Directory = options.Store.Directory ?? Path.Combine(data, JournalName) },
        History = options.History with { Directory = options.History.Directory ?? HistoryIn(data) },
        Cluster = options.Cluster with { Directory = options.Cluster.Directory ?? data },
    };
}
