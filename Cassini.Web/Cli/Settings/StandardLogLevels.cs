using System.Text.Json.Nodes;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// The levels of the log where every .NET application has them: <c>Logging:LogLevel:Default</c>, and one for each category beside it.
/// They may be meant for another application, so a word that is no level is a warning, and not an error.
/// </summary>
/// <param name="file">The name of the file, for messages.</param>
internal sealed class StandardLogLevels(string file)
{
    public const string Section = "Logging";
    private const string Levels = "LogLevel";
    private const string ForAll = "Default";

    private readonly Dictionary<string, LogLevel> _byCategory = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The level of all categories as the setting of Cassini that it stands for; empty without one.</summary>
    public IReadOnlyList<Setting> Default { get; private set; } = [];

    public IReadOnlyDictionary<string, LogLevel> ByCategory => _byCategory;

    public List<string> Warnings { get; } = [];

    /// <summary>Takes the levels from the section; null when it is no object.</summary>
    public void Take(JsonObject? section)
    {
        var levels = section?.FirstOrDefault(member => string.Equals(member.Key, Levels, StringComparison.OrdinalIgnoreCase)).Value;
        foreach (var (category, value) in levels as JsonObject ?? [])
        {
            Take(category, value?.ToString() ?? "");
        }
    }

    private void Take(string category, string word)
    {
        var place = $"{Section}:{Levels}:{SafeText.Of(category, SafeText.Short)} in {file}";
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
