using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Probes;

/// <summary>GET /healthz: the whole snapshot. For people and dashboards; never a livenessProbe.</summary>
internal static class HealthzEndpoint
{
    public static void MapHealthz(
        this IEndpointRouteBuilder routes, HealthProjection health, ProbeWaits waits, PublicProbes strangers, SnapshotBodies bodies)
    {
        routes.MapReads("/healthz", context => AnswerAsync(context, health, waits, bodies))
            .Describe("healthz", "The whole health of the broker. 200 for ok and degraded, 503 for error.").TakesProbeParameters()
            .Answers<HealthSnapshot>(StatusCodes.Status200OK, Answer.Json, HealthFormat.MediaType, Answer.PlainText)
            .Answers<HealthSnapshot>(StatusCodes.Status503ServiceUnavailable, Answer.Json, HealthFormat.MediaType, Answer.PlainText)
            .WithMetadata(strangers.AccessTo(Probe.Healthz));
        routes.MapReads("/healthz/{check}", context => AnswerOneAsync(context, health, waits))
            .Describe("healthzCheck", "One check.").TakesCheck().TakesProbeParameters()
            .Answers<CheckHealth>(StatusCodes.Status200OK, Answer.Json, Answer.PlainText)
            .Answers<CheckHealth>(StatusCodes.Status503ServiceUnavailable, Answer.Json, Answer.PlainText)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static Task AnswerAsync(HttpContext context, HealthProjection health, ProbeWaits waits, SnapshotBodies bodies)
    {
        if (!context.Request.QueryString.HasValue)
        {
            return AnswerWholeAsync(context, health.Current, bodies);
        }

        return ProbeRequest.TryRead(context, Probe.Healthz, out var request, out var error)
            ? waits.AnswerAsync(context, request, (_, asked, snapshot) => AnswerAsync(context, asked, snapshot, bodies))
            : Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
    }

    private static Task AnswerWholeAsync(HttpContext context, HealthSnapshot snapshot, SnapshotBodies bodies)
    {
        var status = StatusOf(Probe.Healthz.PassedBy(snapshot));
        return Choose(context) switch
        {
            1 => Answer.BytesAsync(context, status, HealthFormat.MediaType, bodies.Of(snapshot).HealthFormat),
            2 => AnswerTextAsync(context, new ProbeScope(Probe.Healthz, null, []), snapshot),
            _ => Answer.BytesAsync(context, status, Answer.Json, bodies.Of(snapshot).Json),
        };
    }

    private static Task AnswerAsync(HttpContext context, ProbeRequest request, HealthSnapshot snapshot, SnapshotBodies bodies)
    {
        var scope = request.Scope;
        if (request.Verbose || Choose(context) == 2)
        {
            return AnswerTextAsync(context, scope, snapshot);
        }

        if (scope.Excluded.Count == 0)
        {
            return AnswerWholeAsync(context, snapshot, bodies);
        }

        var status = StatusOf(scope.Passes(snapshot));
        var judged = scope.StatusOf(snapshot);
        return Choose(context) == 1
            ? Answer.BytesAsync(context, status, HealthFormat.MediaType, bodies.SerializeFormat(snapshot, judged))
            : Answer.BytesAsync(context, status, Answer.Json, bodies.Serialize(snapshot with { Status = judged }));
    }

    private static Task AnswerOneAsync(HttpContext context, HealthProjection health, ProbeWaits waits)
    {
        if (!ProbeRequest.TryRead(context, Probe.Healthz, out var request, out var error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        return health.Current.Checks.Any(request.Scope.Covers)
            ? waits.AnswerAsync(context, request, AnswerOneAsync)
            : Answer.TextAsync(
                context, StatusCodes.Status404NotFound,
                ProbeEndpoints.UnknownCheck(Probe.Healthz, request.Scope.Only ?? "", health.Current));
    }

    private static Task AnswerOneAsync(HttpContext context, ProbeRequest request, HealthSnapshot snapshot) =>
        request.Verbose || Choose(context) == 2
            ? AnswerTextAsync(context, request.Scope, snapshot)
            : Answer.BytesAsync(
                context, StatusOf(request.Scope.Passes(snapshot)), Answer.Json,
                JsonSerializer.SerializeToUtf8Bytes(snapshot.Checks.First(request.Scope.Covers), ProbeJson.Check));

    private static Task AnswerTextAsync(HttpContext context, ProbeScope scope, HealthSnapshot snapshot)
    {
        var passes = scope.Passes(snapshot);
        return Answer.TextAsync(context, StatusOf(passes), ProbeText.List(scope, snapshot, passes));
    }

    private static int Choose(HttpContext context) =>
        AcceptHeader.Choose(context.Request.Headers.Accept, Answer.Json, HealthFormat.MediaType, "text/plain");

    private static int StatusOf(bool passes) => passes ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
