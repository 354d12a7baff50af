using Cassini.Management.Http;
using Microsoft.Extensions.Primitives;

namespace Cassini.Management.Access;

/// <summary>Requests that a browser makes for a page of another site (Fetch Metadata, and Origin for browsers that lack it).</summary>
internal static class CrossSite
{
    /// <summary>What is wrong; null when no other site is behind the request.</summary>
    public static string? Problem(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        if (IsOnly(site, "same-origin"))
        {
            // No page can make a browser say so. Behind a proxy that ends TLS its Origin is https, and the scheme here is not.
            return null;
        }

        if (site.Count > 0 && !IsOnly(site, "none") && !IsVisit(request))
        {
            return "a browser sent this request for another site";
        }

        return request.Headers.Origin is { Count: > 0 } origin && !IsOnly(origin, $"{request.Scheme}://{request.Host}")
            ? $"Origin {Answer.Quote(origin)} is another site"
            : null;
    }

    /// <summary>A user who follows a link to us sees our page; the other site does not.</summary>
    private static bool IsVisit(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && IsOnly(request.Headers["Sec-Fetch-Mode"], "navigate")
            && IsOnly(request.Headers["Sec-Fetch-Dest"], "document");

    private static bool IsOnly(StringValues values, string expected) =>
        values.Count == 1 && string.Equals(values[0], expected, StringComparison.OrdinalIgnoreCase);
}
