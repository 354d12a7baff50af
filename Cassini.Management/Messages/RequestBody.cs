using Microsoft.AspNetCore.Http.Features;

namespace Cassini.Management.Messages;

/// <summary>Reads the body of a request up to a limit, whether it says its length or not.</summary>
internal static class RequestBody
{
    private const int FirstPart = 4 * 1024;

    /// <returns>The body; null when it is longer. Then no more of it was read than that took.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, int most)
    {
        if (context.Request.ContentLength > most)
        {
            return null;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // The server's own limit is for requests without a body, and its answer has no sentence.
            limit.MaxRequestBodySize = null;
        }

        var body = new byte[(int)Math.Min(context.Request.ContentLength + 1 ?? FirstPart, most + 1L)];
        for (var length = 0; ;)
        {
            var read = await context.Request.Body.ReadAsync(body.AsMemory(length), context.RequestAborted);
            length += read;
            if (read == 0)
            {
                return body.AsMemory(0, length);
            }

            if (length > most)
            {
                return null;
            }

            if (length == body.Length)
            {
                Array.Resize(ref body, (int)Math.Min(2L * length, most + 1L));
            }
        }
    }
}
