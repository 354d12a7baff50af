using System.Net.Mime;
using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Pages;

/// <summary>GET /: the list of endpoints as text; the dashboard when the caller asks for HTML, as browsers do.</summary>
internal static class IndexEndpoint
{
    private static readonly byte[] Text = """
        Cassini: an mTLS broker whose health you can subscribe to.

        GET    /livez              does the process still work?       ?verbose ?exclude=CHECK ?wait=30s, /livez/CHECK
        GET    /readyz             can new clients be served?         the same
        GET    /healthz            the whole health, as JSON          the same
        GET    /events             the feed, Server-Sent Events       ?types=health,session ?lastEventId=ID
        GET    /events?since=TIME  the events of a time, from disk    &until=TIME &record=true: for cassini replay
        GET    /events/ID          one event
        GET    /fleet              all nodes of the fleet             as JSON, or Server-Sent Events; /fleet/NODE
        DELETE /fleet/NODE         forget a node that is gone
        GET    /runs               earlier runs, how each ended       ?limit=10
        GET    /state              the first line of a record         for cassini replay
        GET    /metrics            metrics for Prometheus
        GET    /certificates       certificates in use, until when valid
        GET    /connections        live connections                   ?search= ?sort= ?offset= ?limit=, /connections/ID
        DELETE /connections/ID     close one
        GET    /config             settings in force, and where each value is from
        GET    /log-level          the level of the log in force
        PUT    /log-level          another one for a while            ?level=debug ?category=NAME ?for=10m; DELETE ends it
        GET    /sessions           MQTT sessions, open and kept       ?state=kept ?sort=-queued ?search= ?offset= ?limit=1000
        GET    /clients/CLIENT     one client: session, connection, subscriptions
        GET    /identities         who holds what                     ?by=sessions ?limit=1000
        DELETE /identities/NAME    end all of an identity             ?sessions=keep: only close its connections
        DELETE /sessions/CLIENT    end an MQTT session
        DELETE /retained           remove retained messages           ?filter=old/%23
        GET    /handshakes         who was refused, why, how often
        GET    /topics             topics in use                      ?prefix=home/ ?limit=1000
        GET    /topics/tree        one level of the topics as a tree  ?under=home/kitchen ?after=NAME ?limit=100
        GET    /retained           the retained message of a topic    ?topic=NAME
        GET    /messages           messages as they are published     ?filter=home/%23, Server-Sent Events
        POST   /messages           publish a message                  {"topic":"home/lamp","payload":"on"}
        GET    /subscriptions      subscriptions that match a topic   ?topic=NAME
        POST   /drain              stop gracefully                    with the shutdown token
        POST   /faults/NAME        rehearse a failure                 only with --enable-faults
        GET    /runbook            what each reason means, what to do /runbook#REASON
        GET    /openapi/v1.json    this surface, for machines
        GET    /                   in a browser: the dashboard

        """u8.ToArray();

    public static void MapIndex(this IEndpointRouteBuilder routes) =>
        routes.MapReads("/", AnswerAsync)
            .Describe("index", "The list of endpoints; in a browser, the dashboard.")
            .Answers(StatusCodes.Status200OK, Answer.PlainText, MediaTypeNames.Text.Html)
            .WithMetadata(PublicAccess.Page);

    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept";
        if (!AcceptHeader.PrefersHtml(context.Request))
        {
            return Answer.BytesAsync(context, StatusCodes.Status200OK, Answer.PlainText, Text);
        }

        if (context.Request.Path.Value is [.., '/'])
        {
            return DashboardEndpoints.PageAsync(context);
        }

        // Below a prefix: the page's links are relative to the path with its slash.
        context.Response.Redirect($"{context.Request.PathBase}{context.Request.Path}/{context.Request.QueryString}");
        return Task.CompletedTask;
    }
}
