using Cassini.Management.Http;
using Cassini.Streams.Store.History;

namespace Cassini.Management.Feed;

/// <summary>GET /runs: the runs of the process that the history knows, and how each ended.</summary>
internal static class RunsEndpoint
{
    public static void MapRuns(this IEndpointRouteBuilder routes, IEventHistory? history) =>
        routes.MapReads("/runs", context => AnswerAsync(context, history))
            .Describe("runs", "The runs of the process that are in the history, the oldest first, and how each ended.")
            .Answers<IReadOnlyList<RunAnswer>>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);

    private static async Task AnswerAsync(HttpContext context, IEventHistory? history)
    {
        if (history is null)
        {
            await Answer.TextAsync(context, StatusCodes.Status404NotFound, PastEvents.NoHistory);
            return;
        }

        var runs = await history.RunsAsync(context.RequestAborted);
        await Answer.JsonAsync(context, StatusCodes.Status200OK, [.. runs.Select(RunAnswer.Of)], FeedJson.Runs);
    }
}
