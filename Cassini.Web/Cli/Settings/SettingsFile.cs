using System.Text;
using System.Text.Json;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// The settings of a JSON file: everything under its one object <c>Cassini</c>. Comments and trailing commas are allowed.
/// </summary>
internal static class SettingsFile
{
    public const string DefaultName = "appsettings.json";

    public const string Root = "Cassini";

    /// <summary>
    /// The layer of the named file, or of the default one when there is one. Faults of the file go to <paramref name="errors"/>.
    /// </summary>
    public static SettingsLayer Read(string? path, string workingDirectory, List<string> errors)
    {
        var name = path ?? DefaultName;
        var full = Path.Combine(workingDirectory, name);
        if (path is null && !File.Exists(full))
        {
            return new SettingsLayer([], UnknownIsError: true);
        }

        return new SettingsLayer(Load(full, name, errors) is { } root ? [.. Leaves(root, name)] : [], UnknownIsError: true);
    }

    /// <summary>The file; null when it cannot be read, which goes to <paramref name="errors"/>.</summary>
    public static IConfigurationRoot? Load(string full, string name, List<string> errors)
    {
        var json = Array.Empty<byte>();
        try
        {
            json = File.ReadAllBytes(full);
            return new ConfigurationBuilder().AddJsonStream(new MemoryStream(json)).Build();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{name}: cannot be read: {exception.Message}");
        }
        catch (Exception exception) when ((exception as JsonException ?? exception.InnerException) is JsonException failure)
        {
            var text = json.AsSpan();
            var problem = JsonProblem.Of(failure, text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text);
            errors.Add($"{name}:{problem.Line}:{problem.Column}: is not JSON: {problem.Reason}");
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException)
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

    private static IEnumerable<Setting> Leaves(IConfigurationRoot root, string file)
    {
        foreach (var section in root.GetChildren())
        {
            // A key outside "Cassini" keeps its whole path, and so is an unknown key.
            var ours = string.Equals(section.Key, Root, StringComparison.OrdinalIgnoreCase);
            foreach (var leaf in Leaves(section))
            {
                yield return new Setting(ours ? leaf.Path[Root.Length..].TrimStart(':') : leaf.Path, leaf.Value, $"{leaf.Path} in {file}");
            }
        }
    }
}
