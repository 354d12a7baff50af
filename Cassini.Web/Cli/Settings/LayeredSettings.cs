namespace Cassini.Web.Cli.Settings;

/// <summary>
/// Layers of settings, the weakest first, read as one. It remembers which settings were read, so that unknown ones can be reported.
/// </summary>
internal sealed class LayeredSettings(IReadOnlyList<SettingsLayer> weakestFirst)
{
    private readonly HashSet<Setting> _read = new(ReferenceEqualityComparer.Instance);

    /// <summary>The settings that were never read, and whether that is an error.</summary>
    public IEnumerable<(Setting Setting, bool IsError)> Unread =>
        from layer in weakestFirst
        from setting in layer.Settings
        where !_read.Contains(setting)
        select (setting, layer.UnknownIsError);

    /// <summary>The setting in force; null when no layer has it.</summary>
    public Setting? Find(string key) => weakestFirst.Select(layer => FindIn(layer, key)).LastOrDefault(found => found is not null);

    /// <summary>Whether a layer has a value anywhere in the section.</summary>
    public bool HasAny(string section) => weakestFirst.SelectMany(layer => layer.Settings).Any(setting =>
        setting.Value is not null && setting.Key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The elements of a list as the strongest layer that names it gives them: as <c>key:0</c>, <c>key:1</c> …, or as one value
    /// with commas between. Null when none does.
    /// </summary>
    public IReadOnlyList<Setting>? FindList(string key) =>
        weakestFirst.Select(layer => FindListIn(layer, key)).LastOrDefault(found => found is not null);

    private Setting? FindIn(SettingsLayer layer, string key)
    {
        var found = layer.Settings.Where(setting => string.Equals(setting.Key, key, StringComparison.OrdinalIgnoreCase)).ToList();
        _read.UnionWith(found);
        return found.LastOrDefault();
    }

    private List<Setting>? FindListIn(SettingsLayer layer, string key)
    {
        var numbered = layer.Settings
            .Select(setting => (Setting: setting, Index: IndexIn(setting.Key, key)))
            .Where(item => item.Index is not null)
            .OrderBy(item => item.Index)
            .Select(item => item.Setting)
            .ToList();
        _read.UnionWith(numbered);

        var whole = FindIn(layer, key);
        return numbered.Count > 0 ? numbered : whole is null ? null : [.. Split(whole)];
    }

    private static IEnumerable<Setting> Split(Setting list) => (list.Value ?? "")
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(text => list with { Value = text });

    private static int? IndexIn(string key, string list) =>
        key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(key.AsSpan(list.Length + 1), out var index) && index >= 0
            ? index
            : null;
}
