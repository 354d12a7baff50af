using System.Net;
using Microsoft.Extensions.Primitives;

namespace Cassini.Web.Management;

/// <summary>
/// Whoever changes something must mean this machine and must not be a web page of somebody else: a page that the user
/// visits can send requests to loopback, and a name of its own that resolves to loopback (DNS rebinding).
/// </summary>
internal static class LocalWrites
{
    public static RequestDelegate Guard(RequestDelegate next) => context =>
    {
        var method = context.Request.Method;
        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || Refusal(context.Request) is not { } refusal
            ? next(context)
            : Answer.TextAsync(context, StatusCodes.Status403Forbidden, refusal + "\n");
    };

    private static string? Refusal(HttpRequest request)
    {
        if (!IsThisMachine(request.Host))
        {
            return $"Host {Answer.Quote(request.Host.Value)} is not this machine: use localhost, 127.0.0.1 or [::1]";
        }

        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && !IsOnly(site, "same-origin") && !IsOnly(site, "none"))
        {
            return "a browser sent this request for another site";
        }

        return request.Headers.Origin is { Count: > 0 } origin && !IsOnly(origin, $"{request.Scheme}://{request.Host}")
            ? $"Origin {Answer.Quote(origin)} is another site"
            : null;
    }

    private static bool IsThisMachine(HostString host) =>
        host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address));

    private static bool IsOnly(StringValues values, string expected) =>
        values.Count == 1 && string.Equals(values[0], expected, StringComparison.OrdinalIgnoreCase);
}
