using System.Text.Json;
using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Control;

/// <summary>POST /drain: the graceful stop of SIGTERM, for who has the shutdown token.</summary>
internal static class DrainEndpoint
{
    public static void MapDrain(this IEndpointRouteBuilder routes, ManagementContext broker, BearerTokens shutdown, ILogger logger) =>
        routes.MapWrite(HttpMethods.Post, "/drain", context => AnswerAsync(context, broker, shutdown, logger))
            .Describe("drain", "Stop gracefully. Demands the shutdown token as bearer token; progress is told by the feed.")
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status401Unauthorized, Answer.PlainText)
            .WithMetadata(PublicAccess.Whole);

    private static Task AnswerAsync(HttpContext context, ManagementContext broker, BearerTokens shutdown, ILogger logger)
    {
        if (!shutdown.AreConfigured || broker.RequestStop is null)
        {
            return Answer.TextAsync(
                context, StatusCodes.Status403Forbidden, "no shutdown token is configured: set CASSINI_SHUTDOWN_TOKEN or Management:ShutdownTokenPath\n");
        }

        if (!Credentials.TryReadToken(context, out var token) || !shutdown.Accept(token))
        {
            broker.Refusals.Add(RefusalKind.Credentials);
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Answer.TextAsync(context, StatusCodes.Status401Unauthorized, "the shutdown token is missing or not valid\n");
        }

        AccessLog.DrainRequested(logger, context.Connection.RemoteIpAddress?.ToString());
        broker.RequestStop();
        return Answer.BytesAsync(
            context, StatusCodes.Status202Accepted, Answer.Json,
            JsonSerializer.SerializeToUtf8Bytes(new AcceptedAnswer("drain", null, null), ManagementJson.Accepted));
    }
}
