using System.Text;
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

    /// <summary>What a caller sent, fit for the answer to that caller.</summary>
    public static string Quote(string? text) => $"\"{SafeText.Of(text, 40)}\"";
}
