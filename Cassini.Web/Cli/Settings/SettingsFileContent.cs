using Cassini.Streams.Settings.Reading;

namespace Cassini.Web.Cli.Settings;

/// <summary>What a settings file says.</summary>
/// <param name="Layer">Its settings.</param>
/// <param name="Levels">Levels of the log for single categories.</param>
/// <param name="Warnings">What in it is not used, although it could be meant.</param>
internal sealed record SettingsFileContent(
    SettingsLayer Layer, IReadOnlyDictionary<string, LogLevel> Levels, IReadOnlyList<string> Warnings)
{
    /// <summary>There is no file.</summary>
    public static SettingsFileContent Empty { get; } =
        new(new SettingsLayer([], UnknownIsError: true), new Dictionary<string, LogLevel>(), []);
}
