using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Http;

/// <summary>Writes whole answers: a status, a type, the bytes, and never a cached copy.</summary>
internal static class Answer
{
    public const string PlainText = "text/plain; charset=utf-8";

    public const string Json = "application/json";

    /// <summary>Writes the body at once, so that headers and body leave in one packet.</summary>
    public static Task BytesAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = "1";
        }

        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    public static Task TextAsync(HttpContext context, int status, string text) =>
        BytesAsync(context, status, PlainText, Encoding.UTF8.GetBytes(text));

    /// <summary>202: what was begun.</summary>
    public static Task AcceptedAsync(HttpContext context, AcceptedAnswer begun) =>
        JsonAsync(context, StatusCodes.Status202Accepted, begun, ManagementJson.Accepted);

    /// <summary>Writes a value as JSON.</summary>
    public static Task JsonAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> shape) =>
        BytesAsync(context, status, Json, JsonSerializer.SerializeToUtf8Bytes(value, shape));

    /// <summary>A sentence of the framework's, on one line.</summary>
    public static string Line(string text) => SafeText.Line(text);

    /// <summary>What a caller sent, fit for the answer to that caller.</summary>
    public static string Quote(string? text) => $"\"{SafeText.Of(text, 40)}\"";
}
