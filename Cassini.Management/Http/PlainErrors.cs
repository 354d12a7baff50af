namespace Cassini.Management.Http;

/// <summary>Gives the answers that routing makes on its own a sentence.</summary>
internal static class PlainErrors
{
    public static RequestDelegate Explain(RequestDelegate next) => context =>
        context.GetEndpoint() is RouteEndpoint ? next(context) : ExplainAsync(context, next);

    private static async Task ExplainAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        switch (context.Response.StatusCode)
        {
            case StatusCodes.Status404NotFound:
                await Answer.TextAsync(
                    context, StatusCodes.Status404NotFound,
                    $"there is nothing at {Answer.Quote(context.Request.Path)}; GET / lists what there is\n");
                break;
            case StatusCodes.Status405MethodNotAllowed:
                await Answer.TextAsync(
                    context, StatusCodes.Status405MethodNotAllowed,
                    $"{Answer.Quote(context.Request.Method)} is not allowed here, only {context.Response.Headers.Allow}\n");
                break;
        }
    }
}
