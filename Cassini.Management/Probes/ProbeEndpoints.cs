using System.Text.Json;
using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Probes;

/// <summary>GET /livez and /readyz: one word for machines, the reasons for people.</summary>
internal static class ProbeEndpoints
{
    private static readonly byte[] Ok = "ok"u8.ToArray();

    public static void MapProbes(this IEndpointRouteBuilder routes, HealthProjection health, ProbeWaits waits, PublicProbes strangers)
    {
        Map(routes, Probe.Livez, health, waits, "Does the process still work, or must it be restarted? The verdict for a livenessProbe.")
            .WithMetadata(strangers.AccessTo(Probe.Livez));
        Map(routes, Probe.Readyz, health, waits, "Can new clients be served? The verdict for a readinessProbe.")
            .WithMetadata(strangers.AccessTo(Probe.Readyz));
    }

    private static IEndpointConventionBuilder Map(
        IEndpointRouteBuilder routes, Probe probe, HealthProjection health, ProbeWaits waits, string summary)
    {
        routes.MapReads($"/{probe.Name}/{{check}}", context => AnswerSlowlyAsync(context, probe, health, waits))
            .Describe($"{probe.Name}Check", $"One check of /{probe.Name}.").TakesCheck().TakesProbeParameters().AnswersProbe()
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        return routes.MapReads($"/{probe.Name}", context => AnswerAsync(context, probe, health, waits))
            .Describe(probe.Name, summary).TakesProbeParameters().AnswersProbe();
    }

    private static Task AnswerAsync(HttpContext context, Probe probe, HealthProjection health, ProbeWaits waits)
    {
        // What an orchestrator asks once a second: no query, no preference, and the probe passes.
        var request = context.Request;
        return !request.QueryString.HasValue
            && AcceptHeader.Choose(request.Headers.Accept, "text/plain", Answer.Json) == 0
            && probe.PassedBy(health.Current)
            ? Answer.BytesAsync(context, StatusCodes.Status200OK, Answer.PlainText, Ok)
            : AnswerSlowlyAsync(context, probe, health, waits);
    }

    private static Task AnswerSlowlyAsync(HttpContext context, Probe probe, HealthProjection health, ProbeWaits waits)
    {
        if (!ProbeRequest.TryRead(context, probe, out var request, out var error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        return request.Scope.Only is { } name && !health.Current.Checks.Any(request.Scope.Covers)
            ? Answer.TextAsync(context, StatusCodes.Status404NotFound, UnknownCheck(probe, name, health.Current))
            : waits.AnswerAsync(context, request, AnswerAsync);
    }

    /// <summary>The sentence for a check that the probe does not have.</summary>
    public static string UnknownCheck(Probe probe, string name, HealthSnapshot snapshot) =>
        $"/{probe.Name} has no check named {Answer.Quote(name)}; it has "
        + $"{string.Join(", ", snapshot.Checks.Where(probe.LooksAt).Select(check => check.Name))}\n";

    private static Task AnswerAsync(HttpContext context, ProbeRequest request, HealthSnapshot snapshot)
    {
        var passes = request.Scope.Passes(snapshot);
        var status = passes ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        if (AcceptHeader.Choose(context.Request.Headers.Accept, "text/plain", Answer.Json) == 1)
        {
            var report = ProbeReport.Of(request.Scope, snapshot, passes);
            return Answer.BytesAsync(
                context, status, Answer.Json, JsonSerializer.SerializeToUtf8Bytes(report, ProbeJson.Report));
        }

        var text = passes && !request.Verbose
            ? ProbeText.Ok(request.Scope, snapshot)
            : ProbeText.List(request.Scope, snapshot, passes);
        return Answer.TextAsync(context, status, text);
    }
}
