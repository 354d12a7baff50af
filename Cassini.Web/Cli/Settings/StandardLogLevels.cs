using Cassini.Streams.Primitives;
using Cassini.Streams.Settings.Reading;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// The levels of the log where every .NET application has them: <c>Logging:LogLevel:Default</c>, and one for each category beside it.
/// They may be meant for another application, so a word that is no level is a warning, and not an error.
/// </summary>
/// <param name="file">The name of the file, for messages.</param>
internal sealed class StandardLogLevels(string file)
{
    private const string Section = "Logging:LogLevel";
    private const string ForAll = "Default";

    private readonly Dictionary<string, LogLevel> _byCategory = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The level of all categories as the setting of Cassini that it stands for; empty without one.</summary>
    public IReadOnlyList<Setting> Default { get; private set; } = [];

    public IReadOnlyDictionary<string, LogLevel> ByCategory => _byCategory;

    public List<string> Warnings { get; } = [];

    /// <summary>Takes the levels of the file, however their paths are divided into names.</summary>
    public void Take(SettingsJson settings)
    {
        foreach (var (path, value) in settings.Below(Section))
        {
            Take(path[(Section.Length + 1)..], value ?? "");
        }
    }

    private void Take(string category, string word)
    {
        var place = $"{Section}:{SafeText.Of(category, SafeText.Short)} in {file}";
        if (!LogLevelText.TryParse(word, out var level))
        {
            Warnings.Add($"{place}: {SafeText.Quote(word)} is not a level: ignored");
        }
        else if (string.Equals(category, ForAll, StringComparison.OrdinalIgnoreCase))
        {
            Default = [new Setting(SettingKeys.LogLevel, level.ToString(), place)];
        }
        else
        {
            _byCategory[category] = level;
        }
    }
}
