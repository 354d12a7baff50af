using System.Text;
using System.Text.Json;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// The values of a JSON file by their paths, as .NET's configuration has them: names with colons between, in any case, and a name may be
/// such a path itself. Faults are kept with their positions, because a part of the file may belong to another application.
/// </summary>
internal sealed class SettingsJson
{
    private static readonly JsonReaderOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private readonly string _file;
    private readonly byte[] _json;
    private readonly List<(string Path, string? Value)> _values = [];
    private readonly List<(string Path, string Problem)> _faults = [];
    private readonly Dictionary<string, Node> _nodes = new(StringComparer.OrdinalIgnoreCase);

    private SettingsJson(string file, byte[] json)
    {
        _file = file;
        _json = json;
    }

    /// <summary>The names at the top, each up to its first colon.</summary>
    public IEnumerable<string> Top => _values.Select(value => value.Path.Split(':')[0]).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>The content of a file; null when it is no JSON object, which goes to <paramref name="errors"/>.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="file">The name of the file, for errors.</param>
    /// <param name="errors">Gets what is wrong.</param>
    public static SettingsJson? Parse(byte[] json, string file, List<string> errors)
    {
        var bytes = json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
        var settings = new SettingsJson(file, bytes);
        try
        {
            var reader = new Utf8JsonReader(bytes, Lenient);
            reader.Read();
            settings.Read(ref reader, "", 0, false);
            reader.Read(); // Throws if anything follows.
        }
        catch (JsonException exception)
        {
            var problem = JsonProblem.Of(exception, bytes);
            errors.Add($"{file}:{problem.Line}:{problem.Column}: is not JSON: {problem.Reason}");
            return null;
        }

        if (settings._nodes[""].Kind is JsonTokenType.StartObject)
        {
            return settings;
        }

        errors.Add(settings.NoObject("", settings._nodes[""]));
        return null;
    }

    /// <summary>Whether the file has anything at the path or below it.</summary>
    public bool Has(string section) => _values.Any(value => IsIn(value.Path, section));

    /// <summary>Whether there is no other value at the path than an object or null.</summary>
    public bool IsSection(string path) =>
        !_nodes.TryGetValue(path, out var node) || node.Kind is JsonTokenType.StartObject or JsonTokenType.Null;

    /// <summary>The values below the path.</summary>
    public IEnumerable<(string Path, string? Value)> Below(string section) =>
        _values.Where(value => IsIn(value.Path, section) && value.Path.Length > section.Length);

    /// <summary>What is wrong at the path and below it.</summary>
    public IEnumerable<string> FaultsOf(string section)
    {
        if (!IsSection(section))
        {
            yield return NoObject(section, _nodes[section]);
        }

        foreach (var (_, problem) in _faults.Where(fault => IsIn(fault.Path, section)))
        {
            yield return problem;
        }
    }

    private void Read(ref Utf8JsonReader reader, string path, int nameAt, bool isTwice)
    {
        var node = new Node(reader.TokenType, nameAt, (int)reader.TokenStartIndex);
        if (!_nodes.TryAdd(path, node) && !isTwice)
        {
            isTwice = true; // What is in it is then no fault of its own.
            var (_, line, column) = JsonProblem.At("", _nodes[path].NameAt, _json);
            _faults.Add((path, Fault(path, nameAt, $"is given twice, first at {line}:{column}")));
        }

        var count = 0;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                for (; reader.Read() && reader.TokenType != JsonTokenType.EndObject; count++)
                {
                    var at = (int)reader.TokenStartIndex;
                    var name = Text(ref reader, path);
                    reader.Read();
                    Read(ref reader, path.Length == 0 ? name : $"{path}:{name}", at, isTwice);
                }

                break;
            case JsonTokenType.StartArray:
                for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
                {
                    Read(ref reader, $"{path}:{count}", (int)reader.TokenStartIndex, isTwice);
                }

                break;
            case JsonTokenType.Null:
                break;
            default:
                _values.Add((path, Text(ref reader, path)));
                return;
        }

        if (count == 0)
        {
            // An empty list replaces a list; an empty object says nothing.
            _values.Add((path, node.Kind == JsonTokenType.StartArray ? "" : null));
        }
    }

    private string Text(ref Utf8JsonReader reader, string path)
    {
        try
        {
            return reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName
                ? reader.GetString()!
                : Encoding.UTF8.GetString(reader.ValueSpan);
        }
        catch (InvalidOperationException)
        {
            // Which is found only when the text is read.
            _faults.Add((path, Fault(path, (int)reader.TokenStartIndex, "is not Unicode text")));
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }

    private string NoObject(string path, Node node) => Fault(path, node.At, $"is {node.Words}: expected an object of settings");

    private string Fault(string path, int at, string problem)
    {
        var (reason, line, column) = JsonProblem.At(problem, at, _json);
        return $"{_file}:{line}:{column}: {(path.Length == 0 ? "" : $"{SafeText.Of(path, SafeText.Short)}: ")}{reason}";
    }

    private static bool IsIn(string path, string section) =>
        section.Length == 0
        || (path.StartsWith(section, StringComparison.OrdinalIgnoreCase)
            && (path.Length == section.Length || path[section.Length] == ':'));

    /// <param name="Kind">The kind of its value.</param>
    /// <param name="NameAt">Where its name begins.</param>
    /// <param name="At">Where its value begins.</param>
    private readonly record struct Node(JsonTokenType Kind, int NameAt, int At)
    {
        public string Words => Kind switch
        {
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String => "text",
            JsonTokenType.Number => "a number",
            var word => word.ToString().ToLowerInvariant(),
        };
    }
}
