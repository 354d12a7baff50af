using Cassini.Streams.Primitives;
using Cassini.Streams.Settings.Reading;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// The settings of a JSON file: everything under <c>Cassini</c>, and the levels of the log under <c>Logging:LogLevel</c>,
/// where every .NET application has them. What else the file has belongs to others. Comments and trailing commas are allowed.
/// </summary>
internal static class SettingsFile
{
    public const string DefaultName = "appsettings.json";

    public const string Root = "Cassini";

    public const int LargestFile = 4 << 20;

    /// <summary>
    /// The content of the named file, or of the default one when there is one. Faults of the file go to <paramref name="errors"/>.
    /// </summary>
    public static SettingsFileContent Read(string? path, string workingDirectory, List<string> errors)
    {
        var name = path ?? DefaultName;
        var full = Path.Combine(workingDirectory, name);
        if ((path is null && !File.Exists(full) && !Directory.Exists(full)) || Load(full, name, errors) is not { } json)
        {
            return SettingsFileContent.Empty;
        }

        errors.AddRange(json.FaultsOf(Root));
        if (!json.Has(Root) && OwnAtTheTop(json) is { Count: > 0 } sections)
        {
            errors.Add(
                $"{name}: {string.Join(" and ", sections)} {(sections.Count == 1 ? "is" : "are")} at the top, where "
                + $"{(sections.Count == 1 ? "it is" : "they are")} not read: put {(sections.Count == 1 ? "it" : "them")} into "
                + $"\"{Root}\": {{ … }}");
            return SettingsFileContent.Empty;
        }

        var levels = new StandardLogLevels(name);
        levels.Take(json);
        var own = (json.IsSection(Root) ? json.Below(Root) : []).Select(
            value => new Setting(value.Path[(Root.Length + 1)..], value.Value, $"{value.Path} in {name}"));
        return new SettingsFileContent(
            new SettingsLayer([.. levels.Default, .. own], UnknownIsError: true),
            levels.ByCategory,
            json.Has(Root) ? levels.Warnings : [.. levels.Warnings, .. WarningsOf(json, path).Select(warning => $"{name}: {warning}")]);
    }

    /// <summary>The whole file; null when it cannot be read, which goes to <paramref name="errors"/>.</summary>
    public static SettingsJson? Load(string full, string name, List<string> errors)
    {
        try
        {
            return SettingsJson.Parse(WholeFile.Read(full, LargestFile), name, errors);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{name}: {FileProblem.Of(exception, full)}");
            return null;
        }
    }

    /// <summary>
    /// The names at the top that hold settings of Cassini. Only known settings count, because another application may have a section of
    /// the same name, and Logging belongs to every application.
    /// </summary>
    private static List<string> OwnAtTheTop(SettingsJson json) =>
    [
        .. json.Top.Where(top => !top.Equals(SettingKeys.Logging, StringComparison.OrdinalIgnoreCase)
            && SettingsCatalog.All.Any(setting =>
                setting.Key.StartsWith($"{top}:", StringComparison.OrdinalIgnoreCase) && json.Has(setting.Key))),
    ];

    /// <summary>Of a file without the section: the default one may belong to another application.</summary>
    private static IEnumerable<string> WarningsOf(SettingsJson json, string? path)
    {
        if (json.Top.FirstOrDefault(other => NearestName.Of(other, [Root]) is not null) is { } nearest)
        {
            yield return $"{SafeText.Quote(nearest)} is not read; did you mean {Root}?";
        }
        else if (path is not null)
        {
            yield return $"has no section {Root}, which is the only one that is read";
        }
    }
}
