using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Cassini.Streams.Primitives;
using static System.FormattableString;

namespace Cassini.Harness.Plans;

/// <summary>
/// Reads typed fields of one object. What is wrong is added to the problems, and the caller gets a harmless value, so that the rest is
/// checked too.
/// </summary>
internal sealed partial class PlanCursor
{
    public const string DurationExpected = "a number and ms, s, m or h, such as 250ms";

    /// <summary>With what is put before and after it, a client identifier fits into the 256 bytes that Cassini takes.</summary>
    private const int MaxNameBytes = 200;

    private readonly PlanProblems _problems;
    private readonly PlanShape _shape;
    private readonly PlanObjectNode _node;

    public PlanCursor(PlanProblems problems, PlanShape shape, string path, PlanNode node)
    {
        (_problems, _shape, Path) = (problems, shape, path);
        _node = node is PlanObjectNode given
            ? given with { Fields = [.. given.Fields.Select(field => field with { Name = NameOf(field.Name) })] }
            : new PlanObjectNode(node.At, []);
        if (node is not PlanObjectNode)
        {
            problems.Add(node.At, path, $"is {node.Kind}: expected an object");
            IsUsable = false;
            return;
        }

        ComplainOfUnknown();
        ComplainOfMissing();
    }

    /// <summary>False when the node is no object. That is a problem already, and nothing more needs to be reported.</summary>
    public bool IsUsable { get; } = true;

    public string Path { get; }

    public bool Has(string name) => Find(name) is not null;

    public string? Text(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case PlanTextNode { Text: var text } node:
                if (Shape(name).Values is { } values && !values.Contains(text))
                {
                    Complain(name, $"'{text}' is unknown{Nearest(text, values)}: expected {string.Join(", ", values)}");
                    return null;
                }

                if (text.Length == 0)
                {
                    Complain(name, "must not be empty");
                    return null;
                }

                return node.Text;
            case var other:
                Complain(name, $"is {other.Kind}: expected text");
                return null;
        }
    }

    /// <summary>
    /// The field <c>name</c>: it becomes part of client identifiers, file formats and lines of output. Empty when it is absent or wrong.
    /// </summary>
    public string Name()
    {
        var name = Text("name") ?? "";
        if (!name.EnumerateRunes().All(SafeText.IsVisible))
        {
            Complain("name", $"'{SafeText.Of(name, SafeText.Short)}' has a character that cannot be seen: expected visible ones");
        }
        else if (name.Length > 0 && string.IsNullOrWhiteSpace(name))
        {
            Complain("name", "is blank: expected at least one character that is no space");
        }
        else if (Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
        {
            Complain("name", Invariant($"is too long: expected at most {MaxNameBytes} bytes"));
        }

        return name;
    }

    public long? Integer(string name, long least, long most)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case PlanNumberNode { Text: var text }:
                if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    || number < least || number > most)
                {
                    Complain(name, Invariant($"{text} is not allowed: expected a whole number from {least} to {most}"));
                    return null;
                }

                return number;
            case var other:
                Complain(name, Invariant($"is {other.Kind}: expected a whole number from {least} to {most}"));
                return null;
        }
    }

    public bool? Flag(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case PlanFlagNode { Value: var value }:
                return value;
            case var other:
                Complain(name, $"is {other.Kind}: expected true or false");
                return null;
        }
    }

    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case PlanTextNode { Text: var text }:
                if (!DurationForm().IsMatch(text) || !DurationText.TryParse(text, out var duration))
                {
                    Complain(name, $"'{text}' is no duration: expected {DurationExpected}");
                    return null;
                }

                if (duration < least || duration > most)
                {
                    Complain(name, $"'{text}' is not within {InWords(least)} to {InWords(most)}");
                    return null;
                }

                return duration;
            case var other:
                Complain(name, $"is {other.Kind}: expected a duration as text: {DurationExpected}");
                return null;
        }
    }

    public PlanCursor? Object(string name) =>
        Find(name) is { } node ? new PlanCursor(_problems, Shape(name).Of!, PathOf(name), node) : null;

    public IReadOnlyList<PlanCursor> List(string name)
    {
        switch (Find(name))
        {
            case null:
                return [];
            case PlanListNode { Items: var items }:
                return [.. items.Select((item, i) => new PlanCursor(_problems, Shape(name).Of!, $"{PathOf(name)}[{i}]", item))];
            case var other:
                Complain(name, $"is {other.Kind}: expected a list");
                return [];
        }
    }

    /// <summary>A list of objects, each with a different name.</summary>
    public IReadOnlyList<PlanCursor> NamedList(string name, int least = 0)
    {
        var list = List(name);
        if (list.Count < least && Find(name) is PlanListNode)
        {
            Complain(name, $"must have at least {Quantity.Of(least, "element")}");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list)
        {
            if (item.Find("name") is PlanTextNode { Text: var text } && !seen.Add(text))
            {
                item.Complain("name", $"'{text}' is given twice: names must differ");
            }
        }

        return list;
    }

    /// <summary>Adds a problem at the field's value, or at the object when the field is absent.</summary>
    public void Complain(string name, string message) => _problems.Add(Find(name)?.At ?? _node.At, PathOf(name), message);

    public void Complain(string message) => _problems.Add(_node.At, Path, message);

    public void Warn(string name, string message) => _problems.Warn(Find(name)?.At ?? _node.At, PathOf(name), message);

    private static string Nearest(string word, IEnumerable<string> known) =>
        NearestName.Of(word, known) is { } nearest ? $" (did you mean '{nearest}'?)" : "";

    private static string InWords(TimeSpan duration) => duration switch
    {
        _ when duration >= TimeSpan.FromHours(1) => Invariant($"{duration.TotalHours}h"),
        _ when duration >= TimeSpan.FromSeconds(1) => Invariant($"{duration.TotalSeconds}s"),
        _ => Invariant($"{duration.TotalMilliseconds}ms"),
    };

    private void ComplainOfUnknown()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var known = _shape.Fields.Select(field => field.Name).ToList();
        foreach (var field in _node.Fields)
        {
            if (!known.Contains(field.Name))
            {
                _problems.Add(
                    field.At, Path, $"unknown field '{field.Name}'{Nearest(field.Name, known)}: expected {string.Join(", ", known)}");
            }
            else if (!seen.Add(field.Name))
            {
                _problems.Add(field.At, PathOf(field.Name), "is given twice");
            }
        }
    }

    private void ComplainOfMissing()
    {
        foreach (var field in _shape.Fields.Where(field => field.IsRequired && !Has(field.Name)))
        {
            _problems.Add(_node.At, Path, $"lacks the field '{field.Name}'");
        }
    }

    private PlanNode? Find(string name) => _node.Fields.FirstOrDefault(field => field.Name == Shape(name).Name)?.Value;

    /// <summary>Throws for a field that the shape does not have: that is a defect, because the schema would not have it either.</summary>
    private FieldShape Shape(string name) => _shape.Fields.Single(field => field.Name == name);

    /// <summary>The field's name where it is spelled as in earlier versions.</summary>
    private string NameOf(string spelled) => _shape.Fields.FirstOrDefault(field => field.Was == spelled)?.Name ?? spelled;

    private string PathOf(string name) => Path.Length > 0 ? $"{Path}.{name}" : name;

    [GeneratedRegex(@"^[0-9]{1,12}(\.[0-9]{1,7})?(ms|s|m|h)$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationForm();
}
