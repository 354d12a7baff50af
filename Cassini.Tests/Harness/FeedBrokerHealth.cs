using System.Net;
using System.Reactive.Linq;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Web.Harness.Health;
using Cassini.Web.Harness.Plans;

namespace Cassini.Tests.Harness;

/// <summary>The smallest way to follow a broker: a long poll, and the feed without resume.</summary>
internal sealed class FeedBrokerHealth(PlanBroker broker) : IBrokerHealth
{
    private readonly HttpClient _http = new() { BaseAddress = broker.Management, Timeout = Timeout.InfiniteTimeSpan };

    public IObservable<BrokerCondition> Conditions => Observable.Create<BrokerCondition>(FollowAsync);

    public async Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        using var answer = await _http.GetAsync($"readyz?wait={(long)timeout.TotalMilliseconds}ms", cancellation);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new BrokerNotReadyException($"broker {broker.Name} is not ready: {await answer.Content.ReadAsStringAsync(cancellation)}", timedOut: true);
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task FollowAsync(IObserver<BrokerCondition> observer, CancellationToken cancellation)
    {
        try
        {
            using var lines = new StreamReader(await _http.GetStreamAsync("events?types=health", cancellation));
            while (await lines.ReadLineAsync(cancellation) is { } line)
            {
                if (line is "event: snapshot" or "event: transition")
                {
                    using var healthz = await _http.GetAsync("healthz", cancellation);
                    var now = JsonSerializer.Deserialize(await healthz.Content.ReadAsStringAsync(cancellation), HealthJson.Snapshot)!;
                    var why = now.Checks.Where(check => check.Status is not (HealthStatus.Ok or HealthStatus.Off)).Select(check => $"{check.Name} {check.Reason}: {check.Message}");
                    observer.OnNext(new BrokerCondition(broker.Name, now.Status, now.Phase == Phase.Ready, string.Join("; ", why)));
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException && !cancellation.IsCancellationRequested)
        {
            observer.OnNext(new BrokerCondition(broker.Name, HealthStatus.Unknown, false, $"the feed is lost: {exception.Message}"));
        }
    }
}
