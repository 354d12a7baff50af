using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Management.Feed;

/// <summary>GET /events/{id}: one event of the log, such as the evidence that a check names.</summary>
internal static class EventEndpoint
{
    public static void MapEvent(this IEndpointRouteBuilder routes, EventLog log) =>
        routes.MapReads("/events/{id}", context => AnswerAsync(context, log))
            .Describe("event", "One event with its envelope, as the feed sends it.")
            .Takes("id", "The event's id.", Microsoft.OpenApi.ParameterLocation.Path)
            .Answers(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers(StatusCodes.Status410Gone, Answer.PlainText);

    private static Task AnswerAsync(HttpContext context, EventLog log)
    {
        var text = context.Request.RouteValues["id"] as string;
        if (!EventId.TryParse(text, out var id))
        {
            return Answer.TextAsync(
                context, StatusCodes.Status400BadRequest,
                $"{Answer.Quote(text)} is not the id of an event: 16 hexadecimal digits, a minus sign, a number\n");
        }

        // The newest is read first: what is missing then and was not too new is too old.
        var newest = log.Newest;
        return id.Epoch != log.Epoch
            ? Answer.TextAsync(
                context, StatusCodes.Status404NotFound,
                $"event {id} is of another run of the process: the events of this one begin with {log.Epoch}\n")
            : log.TryGet(id.Sequence, out var envelope)
            ? Answer.BytesAsync(context, StatusCodes.Status200OK, Answer.Json, EventJson.Serialize(envelope))
            : id.Sequence < 1 || id.Sequence > newest
            ? Answer.TextAsync(
                context, StatusCodes.Status404NotFound, $"there is no event {id} yet: the newest is {new EventId(log.Epoch, newest)}\n")
            : Answer.TextAsync(
                context, StatusCodes.Status410Gone, $"event {id} is no longer kept: the oldest is {new EventId(log.Epoch, log.Oldest)}\n");
    }
}
