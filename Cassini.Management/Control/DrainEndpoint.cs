using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Control;

/// <summary>POST /drain: the graceful stop of SIGTERM, for a caller that has the shutdown token.</summary>
internal static class DrainEndpoint
{
    /// <summary>Maps it.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="requestStop">Asks for the stop.</param>
    /// <param name="access">Has the shutdown tokens, and knows the others.</param>
    /// <param name="settings">The settings that give shutdown tokens.</param>
    /// <param name="rates">How often each caller may try a wrong token; null when no token is configured.</param>
    /// <param name="refusals">Counts wrong tokens.</param>
    /// <param name="logger">Logs who asked for the stop.</param>
    public static void MapDrain(
        this IEndpointRouteBuilder routes,
        Action? requestStop, SurfaceAccess access, string settings, RequestRates? rates, Refusals refusals, ILogger logger)
    {
        routes.MapWrite(
                HttpMethods.Post, "/drain", context => AnswerAsync(context, requestStop, access, settings, rates, refusals, logger))
            .Describe("drain", "Stop gracefully. Requires the shutdown token as bearer token.")
            .Answers<AcceptedAnswer>(StatusCodes.Status202Accepted, Answer.Json)
            .Answers(StatusCodes.Status401Unauthorized, Answer.PlainText)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .WithMetadata(rates is null ? PublicAccess.Whole : PublicAccess.OfItsOwn);
    }

    private static async Task AnswerAsync(
        HttpContext context, Action? requestStop, SurfaceAccess access, string settings,
        RequestRates? rates, Refusals refusals, ILogger logger)
    {
        if (!access.Shutdown.AreConfigured || requestStop is null)
        {
            await Answer.TextAsync(
                context, StatusCodes.Status403Forbidden,
                $"no shutdown token is configured: set {settings}\n");
            return;
        }

        if (!Credentials.TryReadToken(context, out var token) || !await access.Shutdown.AcceptAsync(token))
        {
            // Counted after it was judged: what strangers tried at an address does not refuse a valid token there.
            if (rates?.TryTake(context) is false)
            {
                await RequestRates.RefuseAsync(context);
                return;
            }

            refusals.Add(RefusalKind.Credentials);
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Answer.TextAsync(
                context, StatusCodes.Status401Unauthorized,
                token.Length > 0 && await access.IsTokenAsync(token)
                    ? "this is a token of the management: POST /drain needs the shutdown token\n"
                    : "the shutdown token is missing or not valid\n");
            return;
        }

        AccessLog.DrainRequested(logger, context.Connection.RemoteIpAddress?.ToString());
        requestStop();
        await Answer.AcceptedAsync(context, new AcceptedAnswer("drain", null, null));
    }
}
