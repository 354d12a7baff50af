using System.Reactive.Linq;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Health;

/// <summary>The health of a broker as its feed reports it.</summary>
internal sealed class FeedBrokerHealth : IBrokerHealth
{
    private readonly PlanBroker _broker;
    private readonly HealthFeed _feed;
    private readonly FleetFeed _fleet;

    private FeedBrokerHealth(PlanBroker broker, HealthFeedOptions options)
    {
        _broker = broker;
        _feed = new HealthFeed(broker.Management, options);
        _fleet = new FleetFeed([broker.Management], options);
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
            Task waiting = _broker.FleetSize is { } size
                ? _fleet.WaitUntilReadyAsync(size, timeout, cancellation)
                : _feed.WaitUntilReadyAsync(timeout, cancellation);
            await waiting;
        }
        catch (BrokerNotReadyException failure)
        {
            throw NotReady(failure, failure.Cause, $"{Address}: {HealthReason.Of(failure.Last)}", timeout);
        }
        catch (FleetNotReadyException failure)
        {
            // While it does not answer, the reasons name its address already.
            var why = failure.Last.Status == HealthStatus.Unknown ? failure.Why : $"{Address}: {failure.Why}";
            throw NotReady(failure, failure.Cause, why, timeout);
        }
    }

    public ValueTask DisposeAsync()
    {
        _feed.Dispose();
        _fleet.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Address => _broker.Management.GetLeftPart(UriPartial.Authority);

    private HarnessException NotReady(Exception failure, NotReadyCause cause, string why, TimeSpan timeout)
    {
        var verdict = cause switch
        {
            NotReadyCause.Refused or NotReadyCause.NoFleet => Verdict.Error,
            NotReadyCause.TimedOut => Verdict.TimedOut,
            _ => Verdict.BrokerUnhealthy,
        };

        // The verdict says already that it timed out.
        return new HarnessException(
            ManagementAccess.WithRemedy(
                cause == NotReadyCause.TimedOut ? $"not ready within {DurationText.Seconds(timeout)}: {why}" : failure.Message,
                $"tokenFile of broker {_broker.Name}, or, in a plan with one broker, {ManagementAccess.TokenVariable}"),
            verdict, failure);
    }
}
