namespace Cassini.Web.Management;

/// <summary>GET /metrics: the snapshot and its counters for Prometheus.</summary>
internal static class MetricsEndpoint
{
    public static void MapMetrics(this IEndpointRouteBuilder routes, ManagementContext broker, FeedRegistry feeds, ProbeWaits waits) =>
        routes.MapReads("/metrics", context => AnswerAsync(context, broker, feeds, waits))
            .Describe("metrics", "Metrics in the Prometheus text format.")
            .Answers(StatusCodes.Status200OK, PrometheusText.ContentType);

    private static Task AnswerAsync(HttpContext context, ManagementContext broker, FeedRegistry feeds, ProbeWaits waits)
    {
        var snapshot = broker.Health.Current;
        var text = new PrometheusText();
        MetricFamilies.AddHealth(text, snapshot);
        MetricFamilies.AddTraffic(text, snapshot);
        if (broker.Broker is { } mqtt)
        {
            BrokerMetricFamilies.AddBroker(text, mqtt.Statistics);
        }

        MetricFamilies.AddFaults(text, snapshot);
        MetricFamilies.AddEvents(text, broker.Hub);
        MetricFamilies.AddFeeds(text, feeds, waits);
        return Answer.BytesAsync(context, StatusCodes.Status200OK, PrometheusText.ContentType, text.ToBytes());
    }
}
