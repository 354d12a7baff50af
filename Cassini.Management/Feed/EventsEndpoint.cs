using System.Net.Mime;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Store.History;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Cassini.Management.Feed;

/// <summary>GET /events: the feed, as Server-Sent Events.</summary>
internal static class EventsEndpoint
{
    public static void MapEvents(
        this IEndpointRouteBuilder routes, EventHub hub, HealthProjection health, IEventHistory? history, FeedRegistry feeds) =>
        routes.MapReads("/events", context => AnswerAsync(context, hub, health, history, feeds))
            .WithMetadata(LongAnswers.Mark)
            .Describe(
                "events",
                "The feed: a snapshot, then every event as it happens. With since or until: the events of that time, from disk.")
            .Takes("types", "The types of events to send, separated by commas; all when absent.", repeats: true)
            .Takes("lastEventId", "Resume after this event. The header Last-Event-ID takes precedence.")
            .Takes("Last-Event-ID", "Resume after this event.", Microsoft.OpenApi.ParameterLocation.Header)
            .Takes("since", "Events of this time (ISO 8601) or later, of all runs, from disk.")
            .Takes("until", "Events before this time (ISO 8601), of all runs, from disk.")
            .Takes("record", "true: the answer from disk is a record for cassini replay, which has states of health between the events.")
            .Takes("limit", "The most events of an answer from disk.", type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Answers(StatusCodes.Status200OK, MediaTypeNames.Text.EventStream, PastEvents.MediaType)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);

    private static Task AnswerAsync(
        HttpContext context, EventHub hub, HealthProjection health, IEventHistory? history, FeedRegistry feeds)
    {
        var request = context.Request;
        if (!CategoryFilter.TryParse(request.Query["types"], out var filter, out var error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        if (PastEvents.IsAskedFor(request))
        {
            return PastEvents.AnswerAsync(context, hub, history, feeds, filter);
        }

        if (HttpMethods.IsHead(request.Method))
        {
            context.Response.ContentType = MediaTypeNames.Text.EventStream;
            context.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }

        return FeedAsync(context, hub, health, history, feeds, filter);
    }

    private static async Task FeedAsync(
        HttpContext context, EventHub hub, HealthProjection health, IEventHistory? history, FeedRegistry feeds, CategoryFilter filter)
    {
        // A browser that reconnects repeats the original address and sends the last id that it saw in the header.
        var request = context.Request;
        var lastEventId = request.Headers["Last-Event-ID"] is { Count: > 0 } header ? header[^1] : request.Query["lastEventId"].ToString();
        var start = await FeedStart.DecideAsync(hub, health.Current, lastEventId, history, context.RequestAborted);
        await using var past = start.Past;
        if (feeds.TryOpen(context.Connection.RemoteIpAddress, filter, start.After, out var full) is { } feed)
        {
            await StreamAsync(context, feeds, feed, start);
            return;
        }

        await Answer.TextAsync(context, full!.Value.Status, full.Value.Sentence + "\n");
    }

    /// <summary>
    /// The framework's result makes the answer a stream of events and writes the opening. What follows is framed once for
    /// all subscribers instead of once for each, and an idle feed keeps neither a formatter's buffers nor its first snapshot.
    /// </summary>
    private static async Task SendAsync(HttpContext context, Feed feed, FeedStart start)
    {
        // A slow subscriber costs the others nothing; it is reset when it falls too far behind.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } limit)
        {
            limit.MinDataRate = null;
        }

        await TypedResults.ServerSentEvents(feed.OpenAsync(start)).ExecuteAsync(context);
        if (start.Past is { } past && !await feed.CatchUpAsync(past, context.Response.Body, context.RequestAborted))
        {
            return;
        }

        await feed.FollowAsync(context.Response.Body, context.RequestAborted);
    }

    /// <summary>Everything is inside the try because the feed holds its slot already and must release it however this ends.</summary>
    private static async Task StreamAsync(HttpContext context, FeedRegistry feeds, Feed feed, FeedStart start)
    {
        try
        {
            var sending = SendAsync(context, feed, start);
            if (await Task.WhenAny(sending, feeds.Cut) != sending)
            {
                context.Abort();
            }

            await sending;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The subscriber went away in the middle of a message.
        }
        finally
        {
            feeds.Close(feed);
        }
    }
}
