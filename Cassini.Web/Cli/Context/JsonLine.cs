using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Context;

/// <summary>One JSON object on one line, as commands write them for machines.</summary>
internal static class JsonLine
{
    // Written as it is, because people read these lines too.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line. Every character that is not plainly visible is escaped, so that it is harmless on a terminal too.</summary>
    /// <param name="body">Writes the object's properties.</param>
    public static string Of(Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            body(json);
            json.WriteEndObject();
        }

        return EscapeInvisible(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>The same JSON: what is not plain ASCII can only be in a string.</summary>
    private static string EscapeInvisible(string json)
    {
        if (Ascii.IsValid(json))
        {
            return json;
        }

        var escaped = new StringBuilder(json.Length + 16);
        foreach (var rune in json.EnumerateRunes())
        {
            if (SafeText.IsVisible(rune))
            {
                escaped.Append(rune);
                continue;
            }

            foreach (var half in rune.ToString())
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)half:x4}");
            }
        }

        return escaped.ToString();
    }
}
