using System.Reactive.Linq;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Health;

/// <summary>The health of a broker as its feed reports it.</summary>
internal sealed class FeedBrokerHealth : IBrokerHealth
{
    private readonly PlanBroker _broker;
    private readonly HealthFeed _feed;

    private FeedBrokerHealth(PlanBroker broker, HealthFeedOptions options)
    {
        _broker = broker;
        _feed = new HealthFeed(broker.Management, options);
    }

    public IObservable<BrokerCondition> Conditions => _feed.Snapshots
        .Where(health => !HealthReason.IsConnecting(health))
        .Select(health => new BrokerCondition(_broker.Name, health.Status, health.Ready, HealthReason.Of(health)))
        .DistinctUntilChanged();

    /// <summary>Follows a broker of the plan; throws a <see cref="ClientException"/> when its files cannot be used.</summary>
    public static Func<PlanBroker, IBrokerHealth> Factory(TimeProvider time) => broker => new FeedBrokerHealth(
        broker, broker.AccessToManagement(time) with { Categories = [EventCategory.Health, EventCategory.Lifecycle] });

    public async Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            await _feed.WaitUntilReadyAsync(timeout, cancellation);
        }
        catch (BrokerNotReadyException failure)
        {
            var verdict = failure.Cause switch
            {
                NotReadyCause.Refused => Verdict.Error,
                NotReadyCause.TimedOut => Verdict.TimedOut,
                _ => Verdict.BrokerUnhealthy,
            };
            throw new HarnessException(
                ManagementAccess.WithRemedy(
                    // The verdict says already that it timed out.
                    failure.Cause == NotReadyCause.TimedOut
                        ? $"not ready within {DurationText.Seconds(timeout)}: {Where(failure)}: {HealthReason.Of(failure.Last)}"
                        : failure.Message,
                    $"tokenFile of broker {_broker.Name}, or, in a plan with one broker, {ManagementAccess.TokenVariable}"),
                verdict, failure);
        }
    }

    public ValueTask DisposeAsync()
    {
        _feed.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Where(BrokerNotReadyException failure) => failure.Management.GetLeftPart(UriPartial.Authority);
}
