using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Pages;

/// <summary>
/// The dashboard's files: static, embedded in the assembly, and without anything secret. The page requests itself what it shows.
/// </summary>
internal static class DashboardEndpoints
{
    public static void MapDashboard(this IEndpointRouteBuilder routes) =>
        routes.MapReads("/dashboard/{file}", AnswerAsync).ExcludeFromDescription().WithMetadata(PublicAccess.Whole);

    /// <summary>The page itself.</summary>
    public static Task PageAsync(HttpContext context) => FileAsync(context, DashboardFile.All["index.html"]);

    private static Task AnswerAsync(HttpContext context)
    {
        var name = context.Request.RouteValues["file"] as string ?? "";
        return DashboardFile.All.TryGetValue(name, out var file)
            ? FileAsync(context, file)
            : Answer.TextAsync(context, StatusCodes.Status404NotFound, $"the dashboard has no file {Answer.Quote(name)}\n");
    }

    private static async Task FileAsync(HttpContext context, DashboardFile file)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ETag = file.ETag;

        // Asked again each time, so that a page never runs with the scripts of another version.
        response.Headers.CacheControl = "no-cache";
        if (request.Headers.IfNoneMatch == file.ETag && response.StatusCode == StatusCodes.Status200OK)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.ContentType;
        response.ContentLength = file.Body.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(file.Body, context.RequestAborted);
        }
    }
}
