using System.Net.Mime;
using Cassini.Management.Access;
using Cassini.Management.Control;
using Cassini.Management.Feed;
using Cassini.Management.Http;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Fleet;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Cassini.Management.Fleet;

/// <summary>GET /fleet: the health of all nodes, as JSON or as a feed. DELETE /fleet/NODE forgets one that is gone.</summary>
internal static class FleetEndpoints
{
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="fleet">The fleet; a broker on its own is the only node of one.</param>
    /// <param name="feeds">What all feeds share.</param>
    /// <param name="remedies">Publishes who has forgotten a node.</param>
    /// <param name="heartbeat">The longest silence of a healthy feed.</param>
    /// <param name="time">The one clock.</param>
    public static void MapFleet(
        this IEndpointRouteBuilder routes, FleetProjection fleet, FeedRegistry feeds, Remedies remedies, TimeSpan heartbeat,
        TimeProvider time)
    {
        routes.MapReads("/fleet", context => AnswerAsync(context, fleet, feeds, heartbeat, time))
            .WithMetadata(LongAnswers.Mark)
            .Describe(
                "fleet", "The health of all nodes of the fleet, as this node knows it; with Accept: text/event-stream a feed of it.")
            .Takes("lastEventId", "Resume the feed after this message. The header Last-Event-ID takes precedence.")
            .Takes("Last-Event-ID", "Resume the feed after this message.", Microsoft.OpenApi.ParameterLocation.Header)
            .Answers<FleetSnapshot>(StatusCodes.Status200OK, Answer.Json, MediaTypeNames.Text.EventStream)
            .Answers(StatusCodes.Status429TooManyRequests, Answer.PlainText)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);
        routes.MapReads("/fleet/{node}", context => AnswerNodeAsync(context, fleet))
            .Describe("fleetNode", "One node of the fleet; of one that is gone, its tombstone.")
            .Takes("node", "The node's name.", Microsoft.OpenApi.ParameterLocation.Path)
            .Answers<FleetNode>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers<Tombstone>(StatusCodes.Status410Gone, Answer.Json);
        routes.MapWrite(HttpMethods.Delete, "/fleet/{node}", context => ForgetAsync(context, fleet, remedies, time))
            .Describe("forgetNode", "Forget a node that is gone, on all nodes.")
            .Takes("node", "The node's name.", Microsoft.OpenApi.ParameterLocation.Path)
            .Answers<Tombstone>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText)
            .Answers(StatusCodes.Status409Conflict, Answer.PlainText);
    }

    private static Task AnswerAsync(
        HttpContext context, FleetProjection fleet, FeedRegistry feeds, TimeSpan heartbeat, TimeProvider time)
    {
        context.Response.Headers.Vary = "Accept";
        if (AcceptHeader.Choose(context.Request.Headers.Accept, Answer.Json, MediaTypeNames.Text.EventStream) == 0)
        {
            return Answer.JsonAsync(
                context, StatusCodes.Status200OK, fleet.Current with { HeartbeatSeconds = heartbeat.TotalSeconds }, FleetJson.Snapshot);
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.ContentType = MediaTypeNames.Text.EventStream;
            context.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }

        return feeds.TryTakePlace(context.Connection.RemoteIpAddress, out var place, out var full)
            ? StreamAsync(context, new FleetSubscription(fleet, feeds, heartbeat, time), feeds, place)
            : Answer.TextAsync(context, full.Value.Status, full.Value.Sentence + "\n");
    }

    private static async Task StreamAsync(HttpContext context, FleetSubscription feed, FeedRegistry feeds, IDisposable place)
    {
        using (place)
        {
            try
            {
                var sending = SendAsync(context, feed);
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
        }
    }

    private static async Task SendAsync(HttpContext context, FleetSubscription feed)
    {
        // A slow subscriber costs the others nothing; it is reset when it falls too far behind.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } limit)
        {
            limit.MinDataRate = null;
        }

        var request = context.Request;
        var lastEventId = request.Headers["Last-Event-ID"] is { Count: > 0 } header ? header[^1] : request.Query["lastEventId"].ToString();
        await TypedResults.ServerSentEvents(feed.OpenAsync(lastEventId)).ExecuteAsync(context);
        await feed.FollowAsync(context.Response.Body, context.RequestAborted);
    }

    private static Task AnswerNodeAsync(HttpContext context, FleetProjection fleet)
    {
        var name = PathName.Of(context, "node");
        var snapshot = fleet.Current;
        return snapshot.Nodes.FirstOrDefault(one => one.Node == name) is { } node
            ? Answer.JsonAsync(context, StatusCodes.Status200OK, node, FleetJson.Node)
            : snapshot.Tombstones.FirstOrDefault(one => one.Node == name) is { } gone
            ? Answer.JsonAsync(context, StatusCodes.Status410Gone, gone, FleetJson.Tombstone)
            : NoNodeAsync(context, name);
    }

    private static Task ForgetAsync(HttpContext context, FleetProjection fleet, Remedies remedies, TimeProvider time)
    {
        var name = PathName.Of(context, "node");
        var state = fleet.State;
        if (state.Nodes.ContainsKey(name))
        {
            return Answer.TextAsync(
                context, StatusCodes.Status409Conflict, $"{Answer.Quote(name)} is there: only a node that is gone can be forgotten\n");
        }

        if (!state.Tombstones.TryGetValue(name, out var gone))
        {
            return NoNodeAsync(context, name);
        }

        // It must cover the tombstone, also when the clock of the node that wrote that is ahead.
        var now = time.GetUtcNow();
        fleet.Apply(new GoneSaid([], [new Forgetting(name, gone.Epoch, now > gone.LostAt ? now : gone.LostAt)]));
        remedies.ForgotNode(context, name);
        return Answer.JsonAsync(context, StatusCodes.Status200OK, gone, FleetJson.Tombstone);
    }

    private static Task NoNodeAsync(HttpContext context, string name) => Answer.TextAsync(
        context, StatusCodes.Status404NotFound, $"there is no node {Answer.Quote(name)} in the fleet, and none that is gone\n");
}
