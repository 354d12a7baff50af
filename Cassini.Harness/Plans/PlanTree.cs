using System.Text;
using System.Text.Json;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Plans;

/// <summary>Reads JSON, with comments and trailing commas, into nodes that keep their positions.</summary>
internal sealed class PlanTree
{
    private readonly byte[] _json;
    private readonly List<int> _lineStarts = [0];

    private PlanTree(byte[] json)
    {
        _json = json;
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '\n')
            {
                _lineStarts.Add(i + 1);
            }
        }
    }

    /// <exception cref="PlanSyntaxException">It is not JSON.</exception>
    public static PlanNode Parse(byte[] json)
    {
        var tree = new PlanTree(json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json);
        return tree.Parse();
    }

    private PlanNode Parse()
    {
        var reader = new Utf8JsonReader(
            _json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            reader.Read();
            var root = Node(ref reader);
            reader.Read(); // Throws if anything follows.
            return root;
        }
        catch (JsonException exception)
        {
            var problem = JsonProblem.Of(exception, _json);
            throw new PlanSyntaxException(new Position(problem.Line, problem.Column), $"is not JSON: {problem.Reason}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // The text is not Unicode, which is found only when it is read.
            throw new PlanSyntaxException(PositionOf((int)reader.TokenStartIndex), "is not Unicode text", exception);
        }
    }

    private PlanNode Node(ref Utf8JsonReader reader)
    {
        var at = PositionOf((int)reader.TokenStartIndex);
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => Object(ref reader, at),
            JsonTokenType.StartArray => List(ref reader, at),
            JsonTokenType.String => new PlanTextNode(at, reader.GetString()!),
            JsonTokenType.Number => new PlanNumberNode(at, Encoding.UTF8.GetString(reader.ValueSpan)),
            JsonTokenType.True or JsonTokenType.False => new PlanFlagNode(at, reader.GetBoolean()),
            _ => new PlanNullNode(at),
        };
    }

    private PlanObjectNode Object(ref Utf8JsonReader reader, Position at)
    {
        var fields = new List<PlanField>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (name, nameAt) = (reader.GetString()!, PositionOf((int)reader.TokenStartIndex));
            reader.Read();
            fields.Add(new PlanField(name, nameAt, Node(ref reader)));
        }

        return new PlanObjectNode(at, fields);
    }

    private PlanListNode List(ref Utf8JsonReader reader, Position at)
    {
        var items = new List<PlanNode>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(Node(ref reader));
        }

        return new PlanListNode(at, items);
    }

    private Position PositionOf(int index)
    {
        var found = _lineStarts.BinarySearch(index);
        var line = found >= 0 ? found : ~found - 1;
        return new Position(line + 1, Encoding.UTF8.GetCharCount(_json, _lineStarts[line], index - _lineStarts[line]) + 1);
    }
}
