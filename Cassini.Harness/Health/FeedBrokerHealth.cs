using System.Reactive.Linq;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Harness.Health;

/// <summary>A broker's health by its feed.</summary>
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

    /// <summary>Makes them. A broker whose files cannot be used is a <see cref="ClientException"/>.</summary>
    public static Func<PlanBroker, IBrokerHealth> Factory(TimeProvider time) => broker => new FeedBrokerHealth(
        broker, ManagementAccess.Of(broker, time) with { Categories = [EventCategory.Health, EventCategory.Lifecycle] });

    public async Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            await _feed.WaitUntilReadyAsync(timeout, cancellation);
        }
        catch (BrokerNotReadyException failure) when (failure.Cause == NotReadyCause.Refused)
        {
            throw new HarnessException(failure.Message, failure);
        }
        catch (BrokerNotReadyException failure)
        {
            throw new BrokerWaitException(failure.Message, failure.Cause == NotReadyCause.TimedOut);
        }
    }

    public ValueTask DisposeAsync()
    {
        _feed.Dispose();
        return ValueTask.CompletedTask;
    }
}
