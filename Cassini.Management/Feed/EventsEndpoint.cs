using System.Net.Mime;
using Cassini.Management.Http;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Projection;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Cassini.Management.Feed;

/// <summary>GET /events: the feed, as Server-Sent Events.</summary>
internal static class EventsEndpoint
{
    public static void MapEvents(this IEndpointRouteBuilder routes, EventHub hub, HealthProjection health, FeedRegistry feeds) =>
        routes.MapReads("/events", context => AnswerAsync(context, hub, health, feeds))
            .Describe("events", "The feed: a snapshot, then every event as it happens.")
            .Takes("types", "The types of events to send, separated by commas; all when absent.", repeats: true)
            .Takes("lastEventId", "Resume after this event. The header Last-Event-ID takes precedence.")
            .Takes("Last-Event-ID", "Resume after this event.", Microsoft.OpenApi.ParameterLocation.Header)
            .Answers(StatusCodes.Status200OK, MediaTypeNames.Text.EventStream)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);

    private static Task AnswerAsync(HttpContext context, EventHub hub, HealthProjection health, FeedRegistry feeds)
    {
        var request = context.Request;
        if (!CategoryFilter.TryParse(request.Query["types"], out var filter, out var error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        if (HttpMethods.IsHead(request.Method))
        {
            context.Response.ContentType = MediaTypeNames.Text.EventStream;
            context.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }

        // A browser that reconnects repeats the original address and sends the last id that it saw in the header.
        var lastEventId = request.Headers["Last-Event-ID"] is { Count: > 0 } header ? header[^1] : request.Query["lastEventId"].ToString();
        var start = FeedStart.Decide(hub, health.Current, lastEventId);
        return feeds.TryOpen(context.Connection.RemoteIpAddress, filter, start.After, out var full) is { } feed
            ? StreamAsync(context, feeds, feed, start)
            : Answer.TextAsync(context, full!.Value.Status, full.Value.Sentence + "\n");
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
