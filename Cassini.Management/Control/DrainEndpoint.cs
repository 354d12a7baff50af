using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Control;

/// <summary>POST /drain: the graceful stop of SIGTERM, for a caller that has the shutdown token.</summary>
internal static class DrainEndpoint
{
    /// <summary>Maps it.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="requestStop">Asks for the stop.</param>
    /// <param name="shutdown">The shutdown tokens.</param>
    /// <param name="settings">The settings that give shutdown tokens.</param>
    /// <param name="rates">How often each caller may try a token; null where the guard limits its requests already.</param>
    /// <param name="refusals">Counts wrong tokens.</param>
    /// <param name="logger">Logs who asked for the stop.</param>
    public static void MapDrain(
        this IEndpointRouteBuilder routes,
        Action? requestStop, BearerTokens shutdown, string settings, RequestRates? rates, Refusals refusals, ILogger logger)
    {
        RequestDelegate answer = context => AnswerAsync(context, requestStop, shutdown, settings, refusals, logger);
        routes.MapWrite(HttpMethods.Post, "/drain", rates?.Limit(answer) ?? answer)
            .Describe("drain", "Stop gracefully. Requires the shutdown token as bearer token.")
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status401Unauthorized, Answer.PlainText)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .WithMetadata(PublicAccess.Whole);
    }

    private static async Task AnswerAsync(
        HttpContext context, Action? requestStop, BearerTokens shutdown, string settings, Refusals refusals, ILogger logger)
    {
        if (!shutdown.AreConfigured || requestStop is null)
        {
            await Answer.TextAsync(
                context, StatusCodes.Status403Forbidden,
                $"no shutdown token is configured: set {settings}\n");
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
