using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Control;

/// <summary>POST /drain: the graceful stop of SIGTERM, for a caller that has the shutdown token.</summary>
internal static class DrainEndpoint
{
    public static void MapDrain(
        this IEndpointRouteBuilder routes, Action? requestStop, BearerTokens shutdown, Refusals refusals, ILogger logger) =>
        routes.MapWrite(HttpMethods.Post, "/drain", context => AnswerAsync(context, requestStop, shutdown, refusals, logger))
            .Describe("drain", "Stop gracefully. Demands the shutdown token as bearer token; the feed reports the progress.")
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status401Unauthorized, Answer.PlainText)
            .WithMetadata(PublicAccess.Whole);

    private static async Task AnswerAsync(
        HttpContext context, Action? requestStop, BearerTokens shutdown, Refusals refusals, ILogger logger)
    {
        if (!shutdown.AreConfigured || requestStop is null)
        {
            await Answer.TextAsync(
                context, StatusCodes.Status403Forbidden,
                "no shutdown token is configured: set CASSINI_SHUTDOWN_TOKEN or Management:ShutdownTokenPath\n");
            return;
        }

        if (!Credentials.TryReadToken(context, out var token) || !await shutdown.AcceptAsync(token))
        {
            refusals.Add(RefusalKind.Credentials);
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Answer.TextAsync(context, StatusCodes.Status401Unauthorized, "the shutdown token is missing or not valid\n");
            return;
        }

        AccessLog.DrainRequested(logger, context.Connection.RemoteIpAddress?.ToString());
        requestStop();
        await Answer.AcceptedAsync(context, new AcceptedAnswer("drain", null, null));
    }
}
