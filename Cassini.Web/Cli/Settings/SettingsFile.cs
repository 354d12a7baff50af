using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// The settings of a JSON file: everything under <c>Cassini</c>, and the levels of the log under <c>Logging:LogLevel</c>,
/// where every .NET application has them. What else the file has belongs to others. Comments and trailing commas are allowed.
/// </summary>
internal static class SettingsFile
{
    public const string DefaultName = "appsettings.json";

    public const string Root = "Cassini";

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>
    /// The content of the named file, or of the default one when there is one. Faults of the file go to <paramref name="errors"/>.
    /// </summary>
    public static SettingsFileContent Read(string? path, string workingDirectory, List<string> errors)
    {
        var name = path ?? DefaultName;
        var full = Path.Combine(workingDirectory, name);
        if (path is null && !File.Exists(full))
        {
            return SettingsFileContent.Empty;
        }

        var levels = new StandardLogLevels(name);
        var others = new List<string>();
        if (Load(full, name, errors, root => OwnPart(root, levels, others)) is not { } own)
        {
            return SettingsFileContent.Empty;
        }

        if (own.GetChildren().FirstOrDefault() is not { } section)
        {
            var nearest = others.Find(other => NearestName.Of(other, [Root]) is not null);
            var warning = nearest is not null ? $"{SafeText.Quote(nearest)} is not read; did you mean {Root}?"
                : path is not null ? $"has no section {Root}, which is the only one that is read"
                : null;
            return SettingsFileContent.Empty with
            {
                Layer = new SettingsLayer(levels.Default, UnknownIsError: true),
                Levels = levels.ByCategory,
                Warnings = warning is null ? levels.Warnings : [.. levels.Warnings, $"{name}: {warning}"],
            };
        }

        return new SettingsFileContent(
            new SettingsLayer([.. levels.Default, .. Leaves(section, name)], UnknownIsError: true), levels.ByCategory, levels.Warnings);
    }

    /// <summary>The whole file; null when it cannot be read, which goes to <paramref name="errors"/>.</summary>
    public static IConfigurationRoot? Load(string full, string name, List<string> errors) => Load(full, name, errors, root => root);

    private static IConfigurationRoot? Load(string full, string name, List<string> errors, Func<JsonObject, JsonObject> choose)
    {
        var json = Array.Empty<byte>();
        try
        {
            json = File.ReadAllBytes(full);
            json = json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
            var root = JsonNode.Parse(json, documentOptions: Lenient);
            var chosen = choose(root as JsonObject ?? throw new InvalidDataException("it is no object"));
            return new ConfigurationBuilder().AddJsonStream(new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(chosen))).Build();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{name}: cannot be read: {exception.Message}");
        }
        catch (JsonException exception)
        {
            var problem = JsonProblem.Of(exception, json);
            errors.Add($"{name}:{problem.Line}:{problem.Column}: is not JSON: {problem.Reason}");
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException or ArgumentException)
        {
            errors.Add($"{name}: is not a JSON object of settings: {(exception.InnerException ?? exception).Message}");
        }

        return null;
    }

    public static IEnumerable<IConfigurationSection> Leaves(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        return children.Count == 0 ? [section] : children.SelectMany(Leaves);
    }

    /// <summary>
    /// Of the file of another application only what belongs to Cassini, and the levels of the log, which have one place in all of them.
    /// </summary>
    private static JsonObject OwnPart(JsonObject root, StandardLogLevels levels, List<string> others)
    {
        var own = new JsonObject();
        foreach (var (key, value) in root)
        {
            if (string.Equals(key.Split(':')[0], Root, StringComparison.OrdinalIgnoreCase))
            {
                own[key] = value?.DeepClone();
            }
            else if (string.Equals(key, StandardLogLevels.Section, StringComparison.OrdinalIgnoreCase))
            {
                levels.Take(value as JsonObject);
            }
            else
            {
                others.Add(key);
            }
        }

        return own;
    }

    private static IEnumerable<Setting> Leaves(IConfigurationSection section, string file) =>
        from leaf in Leaves(section)
        select new Setting(leaf.Path[Root.Length..].TrimStart(':'), leaf.Value, $"{leaf.Path} in {file}");
}
