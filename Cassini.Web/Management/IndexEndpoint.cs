namespace Cassini.Web.Management;

/// <summary>GET /: what there is.</summary>
internal static class IndexEndpoint
{
    private static readonly byte[] Text = """
        Cassini: an mTLS broker whose health you can subscribe to.

        GET    /livez              is the process worth keeping?      ?verbose ?exclude=CHECK ?wait=30s, /livez/CHECK
        GET    /readyz             can new clients be served?         the same
        GET    /healthz            the whole health, as JSON          the same
        GET    /events             the feed, Server-Sent Events       ?types=health,session ?lastEventId=ID
        GET    /state              the first line of a record         for cassini replay
        GET    /metrics            metrics for Prometheus
        GET    /sessions           live connections                   /sessions/ID
        DELETE /sessions/ID        disconnect one
        GET    /topics             topics in use                      ?prefix=home/ ?limit=1000
        GET    /subscriptions      who gets messages of a topic       ?topic=NAME
        POST   /drain              stop gracefully                    with the shutdown token
        POST   /faults/NAME        rehearse a failure                 only with --enable-faults
        GET    /runbook            what each reason means, what to do /runbook#REASON
        GET    /openapi/v1.json    this surface, for machines

        """u8.ToArray();

    public static void MapIndex(this IEndpointRouteBuilder routes) =>
        routes.MapReads("/", context => Answer.BytesAsync(context, StatusCodes.Status200OK, Answer.PlainText, Text))
            .Describe("index", "What there is.").Answers(StatusCodes.Status200OK, Answer.PlainText);
}
