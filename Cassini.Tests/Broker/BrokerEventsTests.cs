using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

/// <summary>How often it is published that a limit is reached.</summary>
public class BrokerEventsTests
{
    private readonly VirtualClock _clock = new();
    private readonly RecordingPublisher _published = new();
    private readonly BrokerEvents _events;

    public BrokerEventsTests() => _events = new BrokerEvents(_published, _clock.Time);

    [Fact]
    public void PublishReached_AllResourcesWithinOneSecond_PublishesEachOnce()
    {
        CapacityReached[] all = [.. Enum.GetValues<CapacityResource>().Select(resource => new CapacityReached(resource, 1))];
        foreach (var reached in all.Concat(all))
        {
            _events.PublishReached(reached);
        }

        _published.Take().ShouldBe(all);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        foreach (var reached in all)
        {
            _events.PublishReached(reached);
        }

        _published.Events.ShouldBe(all);
    }

    [Fact]
    public void PublishReached_SharesAndThenALimit_HaveAllowancesOfTheirOwn()
    {
        for (var i = 0; i < 20; i++)
        {
            _events.PublishReached(new CapacityReached(CapacityResource.Sessions, 1, $"{i}"));
        }

        _events.PublishReached(new CapacityReached(CapacityResource.Sessions, 1));

        _published.Of<CapacityReached>().Count(reached => reached.Identity is not null).ShouldBe(10);
        _published.Of<CapacityReached>().Count(reached => reached.Identity is null).ShouldBe(1);
    }
}
