using Cassini.Management.Http;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>GET /state: the state of the fold and its policy at one instant, the first line of a record.</summary>
internal static class StateEndpoint
{
    public static void MapState(this IEndpointRouteBuilder routes, HealthProjection health) =>
        routes.MapReads("/state", context => AnswerAsync(context, health))
            .Describe(
                "state",
                "The state of health and its policy at one instant: the first line of a record, which the events after it continue.")
            .Answers(StatusCodes.Status200OK, Answer.Json);

    private static Task AnswerAsync(HttpContext context, HealthProjection health) =>
        Answer.BytesAsync(context, StatusCodes.Status200OK, Answer.Json, (byte[])[.. health.ToRecordHeader(), (byte)'\n']);
}
