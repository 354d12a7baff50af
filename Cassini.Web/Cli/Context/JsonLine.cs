using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Cassini.Web.Cli.Context;

/// <summary>One JSON object on one line, as commands write them for machines.</summary>
internal static class JsonLine
{
    /// <summary>The line. The writer escapes all but plain ASCII, so that it is harmless on a terminal too.</summary>
    /// <param name="body">Writes the object's properties.</param>
    public static string Of(Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            body(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
