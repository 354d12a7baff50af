using System.Globalization;

namespace Cassini.Streams.Settings.Reading;

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

    /// <summary>
    /// The list as one value and its first element, when the strongest layer that names it gives both: then it is unclear which one counts.
    /// </summary>
    public (Setting Whole, Setting Element)? FindTwice(string key)
    {
        foreach (var layer in weakestFirst.Reverse())
        {
            var whole = FindIn(layer, key);
            var element = layer.Settings.FirstOrDefault(setting => IndexIn(setting.Key, key) is not null);
            if (whole is not null || element is not null)
            {
                return whole is { Value: not null } && element is not null ? (whole, element) : null;
            }
        }

        return null;
    }

    /// <summary>
    /// The first index that the list lacks, and the next one that it has with its origin; null when the strongest layer that names the list
    /// lacks none.
    /// </summary>
    public (int Missing, int Next, string Origin)? FindHole(string key)
    {
        foreach (var layer in weakestFirst.Reverse())
        {
            if (Numbered(layer, key) is { Count: > 0 } elements)
            {
                var missing = Enumerable.Range(0, elements.Count).TakeWhile(index => elements.Keys[index] == index).Count();
                return missing < elements.Count ? (missing, elements.Keys[missing], elements.Values[missing].Origin) : null;
            }

            if (FindIn(layer, key) is not null)
            {
                return null;
            }
        }

        return null;
    }

    private Setting? FindIn(SettingsLayer layer, string key)
    {
        var found = layer.Settings.Where(setting => string.Equals(setting.Key, key, StringComparison.OrdinalIgnoreCase)).ToList();
        _read.UnionWith(found);
        return found.LastOrDefault();
    }

    private List<Setting>? FindListIn(SettingsLayer layer, string key)
    {
        _read.UnionWith(layer.Settings.Where(setting => IndexIn(setting.Key, key) is not null));
        var numbered = Numbered(layer, key);
        var whole = FindIn(layer, key);
        return numbered.Count > 0 ? [.. numbered.Values] : whole?.Value is null ? null : [.. Split(whole)];
    }

    private static SortedList<int, Setting> Numbered(SettingsLayer layer, string list)
    {
        var numbered = new SortedList<int, Setting>();
        foreach (var setting in layer.Settings)
        {
            if (IndexIn(setting.Key, list) is { } index)
            {
                numbered[index] = setting;
            }
        }

        return numbered;
    }

    private static IEnumerable<Setting> Split(Setting list) => ListText.Split(list.Value ?? "")
        .Select(text => text.Trim())
        .Where(text => text.Length > 0)
        .Select(text => list with { Value = ListText.Unquoted(text) });

    private static int? IndexIn(string key, string list) =>
        key.StartsWith(list + ":", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(key.AsSpan(list.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && (key[list.Length + 1] != '0' || key.Length == list.Length + 2)
            ? index
            : null;
}
