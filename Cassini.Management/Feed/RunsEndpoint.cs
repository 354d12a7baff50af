using Cassini.Management.Http;
using Cassini.Streams.Store.History;

namespace Cassini.Management.Feed;

/// <summary>GET /runs: the runs of the process that the history knows, and how each ended.</summary>
internal static class RunsEndpoint
{
    /// <summary>A process that is started over and over has very many.</summary>
    private const int RunsUnlessAsked = 1_000;

    private const int MostRuns = 100_000;

    public static void MapRuns(this IEndpointRouteBuilder routes, IEventHistory? history) =>
        routes.MapReads("/runs", context => AnswerAsync(context, history))
            .Describe("runs", "The newest runs of the process that are in the history, the oldest of them first, and how each ended.")
            .Takes("limit", "The most runs of the answer.", type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Answers<IReadOnlyList<RunAnswer>>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);

    private static async Task AnswerAsync(HttpContext context, IEventHistory? history)
    {
        if (!QueryParameters.TryReadNumber(context, "limit", 1, MostRuns, RunsUnlessAsked, out var limit, out var error))
        {
            await Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
            return;
        }

        if (history is null)
        {
            await Answer.TextAsync(context, StatusCodes.Status404NotFound, PastEvents.NoHistory);
            return;
        }

        if (await history.RunsAsync(limit, context.RequestAborted) is not { } runs)
        {
            await Answer.TextAsync(context, StatusCodes.Status503ServiceUnavailable, PastEvents.Unreadable(history));
            return;
        }

        await Answer.JsonAsync(context, StatusCodes.Status200OK, [.. runs.Select(RunAnswer.Of)], FeedJson.Runs);
    }
}
