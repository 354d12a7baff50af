using Microsoft.AspNetCore.Http.Features;

namespace Cassini.Management.Http;

/// <summary>
/// The last part of a request's path as a name that may have any character: the server leaves %2F as it is, so that a name with a slash
/// could not be told from one with these three characters.
/// </summary>
internal static class PathName
{
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter of the route that is the last part of the path.</param>
    public static string Of(HttpContext context, string parameter)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.Split('?', 2)[0].TrimEnd('/');
        var last = path[(path.LastIndexOf('/') + 1)..];
        return last.Length > 0 ? Uri.UnescapeDataString(last) : context.Request.RouteValues[parameter] as string ?? "";
    }
}
