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
    private static readonly string[] Positions = [" Path: ", " LineNumber: "];

    /// <param name="exception">The exception.</param>
    /// <param name="json">The text that was read, without a byte order mark.</param>
    public static JsonProblem Of(JsonException exception, ReadOnlySpan<byte> json)
    {
        var (line, start) = (0, 0);
        while (line < (exception.LineNumber ?? 0) && json[start..].IndexOf((byte)'\n') is >= 0 and var length)
        {
            (line, start) = (line + 1, start + length + 1);
        }

        var at = (int)Math.Min(start + (exception.BytePositionInLine ?? 0), json.Length);
        return new JsonProblem(ReasonOf(exception), line + 1, Encoding.UTF8.GetCharCount(json[start..at]) + 1);
    }

    /// <summary>What is wrong, and the path of the value if it is known, for text whose position would tell nobody anything.</summary>
    public static string ReasonOf(JsonException exception)
    {
        var end = Positions.Select(position => exception.Message.IndexOf(position, StringComparison.Ordinal)).Where(at => at >= 0)
            .DefaultIfEmpty(exception.Message.Length).Min();
        var reason = exception.Message[..end].TrimEnd('.');
        return exception.Path is { Length: > 1 } path ? $"{path}: {reason}" : reason;
    }
}
