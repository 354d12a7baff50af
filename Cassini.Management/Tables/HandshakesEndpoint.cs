using Cassini.Management.Http;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>GET /handshakes: which addresses were refused last, why, and how often.</summary>
internal static class HandshakesEndpoint
{
    public static void MapHandshakes(this IEndpointRouteBuilder routes, RefusedHandshakes refused) =>
        routes.MapReads("/handshakes", context => AnswerAsync(context, refused))
            .Describe("handshakes", "The last refused handshakes by address and reason, the latest first.")
            .Answers<IReadOnlyList<RefusedPeer>>(StatusCodes.Status200OK, Answer.Json);

    private static Task AnswerAsync(HttpContext context, RefusedHandshakes refused) =>
        Answer.JsonAsync(context, StatusCodes.Status200OK, refused.List(), TableJson.Handshakes);
}
