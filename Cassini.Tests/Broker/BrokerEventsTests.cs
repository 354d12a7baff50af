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
            _events.PublishReached(Share("mallory"));
        }

        _events.PublishReached(new CapacityReached(CapacityResource.Sessions, 1));

        _published.Of<CapacityReached>().Count(reached => reached.Identity is not null).ShouldBe(11, "the first, and ten repetitions");
        _published.Of<CapacityReached>().Count(reached => reached.Identity is null).ShouldBe(1);
    }

    [Fact]
    public void PublishReached_AnotherIdentityUsedUpTheAllowance_PublishesTheFirstOfEach()
    {
        for (var i = 0; i < 20; i++)
        {
            _events.PublishReached(Share("mallory"));
        }

        _published.Take();
        _events.PublishReached(Share("alice"));
        _events.PublishReached(Share("alice"));
        _events.PublishReached(Share("bob"));

        _published.Of<CapacityReached>().Select(reached => reached.Identity).ShouldBe(["alice", "bob"]);
    }

    [Fact]
    public void PublishReached_AfterTwoQuietMinutes_IsAFirstOneAgain()
    {
        for (var i = 0; i < 20; i++)
        {
            _events.PublishReached(Share("alice"));
        }

        _clock.AdvanceBy(TimeSpan.FromMinutes(2));
        for (var i = 0; i < 20; i++)
        {
            _events.PublishReached(Share("mallory"));
        }

        _published.Take();
        _events.PublishReached(Share("alice"));

        _published.Of<CapacityReached>().ShouldHaveSingleItem();
    }

    [Fact]
    public void PublishReached_ThousandsOfIdentities_IsBounded()
    {
        for (var i = 0; i < 5_000; i++)
        {
            _events.PublishReached(Share($"{i}"));
        }

        _published.Of<CapacityReached>().Count.ShouldBe(FirstOfIdentities.Most + 10);
    }

    [Fact]
    public void PublishLimited_AnotherIdentityUsedUpTheAllowance_PublishesTheFirstOfEachKindAndReason()
    {
        for (var i = 0; i < 200; i++)
        {
            PublishRefused("mallory", "NotAuthorized");
        }

        _published.Take().Count.ShouldBe(101);
        for (var i = 0; i < 2; i++)
        {
            PublishRefused("alice", "NotAuthorized");
            PublishRefused("alice", "QuotaExceeded");
            foreach (var reason in (string[])["MalformedPacket", "ProtocolError"])
            {
                _events.PublishLimited(new ProtocolViolated(1, reason, "§1", "bad", "alice"), "alice", reason);
            }

            foreach (var action in (string[])["publish", "subscribe", "retain"])
            {
                _events.PublishLimited(new AccessDenied(1, "alice", action, "t", null), "alice", action);
            }
        }

        _published.Of<ClientRefused>().Select(refused => refused.Reason).ShouldBe(["NotAuthorized", "QuotaExceeded"]);
        _published.Of<ProtocolViolated>().Select(violated => violated.Reason).ShouldBe(["MalformedPacket", "ProtocolError"]);
        _published.Of<AccessDenied>().Select(denied => denied.Action).ShouldBe(["publish", "subscribe", "retain"]);
    }

    private static CapacityReached Share(string identity) => new(CapacityResource.Sessions, 1, identity);

    // A client can cause refusals at will, and to find out who holds most takes long.
    [Theory]
    [InlineData(10, 1)]
    [InlineData(9, 0)]
    public void PublishIfReached_ManyWereRefused_LooksOnceASecond(int used, int expected)
    {
        var looks = 0;
        for (var i = 0; i < 100; i++)
        {
            Refuse();
        }

        looks.ShouldBe(1);
        _published.Of<CapacityReached>().Count().ShouldBe(expected);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        Refuse();
        looks.ShouldBe(2);
        _published.Of<CapacityReached>().Count().ShouldBe(2 * expected);

        void Refuse() => _events.PublishIfReached(CapacityResource.Retained, () =>
        {
            looks++;
            return new ResourceUse(used, 10, "mallory", used);
        });
    }

    private void PublishRefused(string identity, string reason) =>
        _events.PublishLimited(new ClientRefused(1, reason, "no", identity), identity, reason);
}
