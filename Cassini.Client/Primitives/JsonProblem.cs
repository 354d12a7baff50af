using System.Text;
using System.Text.Json;

namespace Cassini.Streams.Primitives;

/// <summary>
/// What is wrong with JSON, for people. The messages of the library end in a position that counts from 0 and in bytes; this one counts
/// from 1 and in characters, as editors do.
/// </summary>
/// <param name="Reason">What is wrong, without a position and without a full stop at the end.</param>
/// <param name="Line">The line.</param>
/// <param name="Column">The column.</param>
internal readonly record struct JsonProblem(string Reason, int Line, int Column)
{
    private const string Empty = "it is empty";

    private static readonly string[] Positions = [" Path: ", " LineNumber: "];

    /// <summary>Words of the library about its own options, and what they mean for the one who wrote the text.</summary>
    private static readonly (string Words, string Meaning)[] Inner =
    [
        ("The input does not contain any JSON tokens", Empty),
        ("Expected depth to be zero at the end of the JSON payload", "it ends before all objects and lists are closed"),
        ("contains a trailing comma at the end which is not supported", "there is a comma behind the last value"),
    ];

    /// <param name="exception">The exception.</param>
    /// <param name="json">The text that was read, without a byte order mark.</param>
    public static JsonProblem Of(JsonException exception, ReadOnlySpan<byte> json)
    {
        var reason = ReasonOf(exception);
        if (reason == Empty)
        {
            return new JsonProblem(reason, 1, 1);
        }

        var (line, start) = (0, 0);
        while (line < (exception.LineNumber ?? 0) && json[start..].IndexOf((byte)'\n') is >= 0 and var length)
        {
            (line, start) = (line + 1, start + length + 1);
        }

        var at = (int)Math.Min(start + (exception.BytePositionInLine ?? 0), json.Length);
        return new JsonProblem(reason, line + 1, Encoding.UTF8.GetCharCount(json[start..at]) + 1);
    }

    /// <summary>A problem that was found at a byte.</summary>
    /// <param name="reason">What is wrong.</param>
    /// <param name="index">The byte.</param>
    /// <param name="json">The text that was read, without a byte order mark.</param>
    public static JsonProblem At(string reason, int index, ReadOnlySpan<byte> json)
    {
        var before = json[..index];
        var start = before.LastIndexOf((byte)'\n') + 1;
        return new JsonProblem(reason, before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[start..]) + 1);
    }

    /// <summary>What is wrong, and the path of the value if it is known, for text whose position would tell nobody anything.</summary>
    public static string ReasonOf(JsonException exception)
    {
        var end = Positions.Select(position => exception.Message.IndexOf(position, StringComparison.Ordinal)).Where(at => at >= 0)
            .DefaultIfEmpty(exception.Message.Length).Min();
        var words = exception.Message[..end].TrimEnd('.');
        var inner = Array.Find(Inner, inner => words.Contains(inner.Words, StringComparison.Ordinal));
        var reason = inner.Meaning ?? words;
        return exception.Path is { Length: > 1 } path ? $"{path}: {reason}" : reason;
    }
}
