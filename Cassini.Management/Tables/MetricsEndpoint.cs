using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Management.Telemetry;

namespace Cassini.Management.Tables;

/// <summary>GET /metrics: the snapshot and the counters for Prometheus.</summary>
internal static class MetricsEndpoint
{
    /// <summary>
    /// Answers that are being written at once. An answer whose caller does not read takes none of them while it fits into Kestrel's and
    /// the sockets' buffers: it has left, and the keep-alive time-out ends the connection. Kestrel's least data rate ends a longer one.
    /// </summary>
    private const int MaxAnswers = 32;

    private static readonly string[] Offered = ["text/plain", "application/openmetrics-text", Answer.Json];

    public static void MapMetrics(this IEndpointRouteBuilder routes, CassiniMetrics metrics, Refusals refusals)
    {
        var answers = new SemaphoreSlim(MaxAnswers);
        routes.MapReads("/metrics", context => AnswerAsync(context, metrics, answers, refusals))
            .Describe("metrics", "Metrics in the Prometheus text format, as OpenMetrics or as JSON.")
            .Answers(StatusCodes.Status200OK, MetricsText.PrometheusType, MetricsText.OpenMetricsType, Answer.Json)
            .Answers(StatusCodes.Status503ServiceUnavailable, Answer.PlainText);
    }

    private static async Task AnswerAsync(HttpContext context, CassiniMetrics metrics, SemaphoreSlim answers, Refusals refusals)
    {
        context.Response.Headers.Vary = "Accept";
        if (!answers.Wait(0))
        {
            refusals.Add(RefusalKind.Scrapes);
            await Answer.TextAsync(context, StatusCodes.Status503ServiceUnavailable, $"{MaxAnswers} scrapes are running; try again later");
            return;
        }

        try
        {
            var collection = await metrics.CollectAsync();
            var (type, body) = AcceptHeader.Choose(context.Request.Headers.Accept, Offered) switch
            {
                1 => (MetricsText.OpenMetricsType, collection.OpenMetrics),
                2 => (Answer.Json, collection.Json),
                _ => (MetricsText.PrometheusType, collection.Prometheus),
            };
            await Answer.BytesAsync(context, StatusCodes.Status200OK, type, body);
        }
        finally
        {
            answers.Release();
        }
    }
}
