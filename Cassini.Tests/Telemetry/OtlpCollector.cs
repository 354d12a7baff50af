using System.Collections.Concurrent;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cassini.Tests.Telemetry;

/// <summary>A span as a collector gets it.</summary>
internal sealed record CollectedSpan(
    string Name, string TraceId, string SpanId, string ParentId, int Kind, string Service, IReadOnlyDictionary<string, string> Attributes);

/// <summary>A collector that speaks OTLP over HTTP with Protocol Buffers.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<CollectedSpan> _spans = new();
    private readonly ConcurrentDictionary<string, (string Unit, bool IsCounter)> _metrics = new();

    private OtlpCollector()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/traces", (HttpContext context) => ReceiveAsync(context, ReadSpans));
        _app.MapPost("/v1/metrics", (HttpContext context) => ReceiveAsync(context, ReadMetrics));
    }

    public string Address => _app.Urls.First();

    public IReadOnlyCollection<CollectedSpan> Spans => _spans;

    /// <summary>A header that came with the last request.</summary>
    public string? Authorization { get; private set; }

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector._app.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    public Task<CollectedSpan> SpanAsync(string name, Func<CollectedSpan, bool>? condition = null) => Eventually.BecomesAsync(
        $"the span {name} is exported",
        () => _spans.FirstOrDefault(span => span.Name == name && condition?.Invoke(span) != false)!, span => span is not null);

    /// <summary>The unit of a metric, and whether its value never falls, when it has come.</summary>
    public Task<(string Unit, bool IsCounter)> MetricAsync(string name) => Eventually.BecomesAsync(
        $"the metric {name} is exported", () => _metrics.GetValueOrDefault(name), metric => metric.Unit is not null);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context, Action<ProtobufMessage> read)
    {
        context.Request.ContentType.ShouldBe("application/x-protobuf");
        Authorization = context.Request.Headers.Authorization;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        read(new ProtobufMessage(body.ToArray()));
        context.Response.ContentType = "application/x-protobuf";
    }

    private void ReadSpans(ProtobufMessage request)
    {
        foreach (var resource in request.Messages(1))
        {
            var service = Attributes(resource.Messages(1).Single(), 1).GetValueOrDefault("service.name", "");
            foreach (var span in resource.Messages(2).SelectMany(scope => scope.Messages(2)))
            {
                _spans.Enqueue(new CollectedSpan(
                    span.Text(5), span.Hex(1), span.Hex(2), span.Hex(4), (int)span.Number(6), service, Attributes(span, 9)));
            }
        }
    }

    private void ReadMetrics(ProtobufMessage request)
    {
        foreach (var metric in request.Messages(1).SelectMany(resource => resource.Messages(2)).SelectMany(scope => scope.Messages(2)))
        {
            // A sum is field 7, and whether it is monotonic is its field 3.
            _metrics[metric.Text(1)] = (metric.Text(3), metric.Messages(7).Any(sum => sum.Number(3) == 1));
        }
    }

    private static Dictionary<string, string> Attributes(ProtobufMessage of, int number) =>
        of.Messages(number).ToDictionary(pair => pair.Text(1), pair => pair.Messages(2).Single().Text(1));
}
