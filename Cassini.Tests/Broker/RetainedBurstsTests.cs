using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>Which subscriptions of a session are asked for a retained message before a newer one of its topic.</summary>
public class RetainedBurstsTests
{
    private readonly TestMemory _memory = new();
    private readonly RetainedMessages _retained;
    private readonly RetainedBursts _bursts;

    public RetainedBurstsTests()
    {
        _retained = _memory.Retained();
        _bursts = new RetainedBursts(_retained, _memory.Memory);
    }

    // Every publisher of the topic waits for the session's lock meanwhile: what it does under it must not grow with the subscriptions.
    [Theory]
    [InlineData(8, false)]
    [InlineData(900, true)]
    public void NextAhead_ManyHaveNotToSendIt_IsRememberedOnce(int subscriptions, bool remembers)
    {
        var topic = Retain("t");
        for (var i = 0; i < subscriptions; i++)
        {
            Subscribe($"other/{i}");
        }

        var before = _memory.Budget.Used;
        for (var i = 0; i < 100; i++)
        {
            _bursts.NextAhead(_bursts.Find(topic, now: 0)!.Value).ShouldBeNull();
        }

        (_memory.Budget.Used - before).ShouldBeInRange(remembers ? 1 : 0, remembers ? 200 : 0);
    }

    // Each sends it once, and one that is made afterwards is asked too.
    [Fact]
    public void NextAhead_AllHaveToSendIt_ReturnsEachOnce()
    {
        const int Subscriptions = 20;
        var topic = Retain("t");
        for (var i = 0; i < Subscriptions; i++)
        {
            Subscribe(i % 2 == 0 ? $"{new string('x', i)}/+" : i == 1 ? "t" : i == 3 ? "+" : "#");
        }

        AskedFor(topic).ShouldBe(["t", "+", "#"]);
        AskedFor(topic).ShouldBeEmpty();

        Subscribe("t/#");
        AskedFor(topic).ShouldBe(["t/#"]);
    }

    private List<string> AskedFor(Topic topic)
    {
        var found = _bursts.Find(topic, now: 0)!.Value;
        var filters = new List<string>();
        while (_bursts.NextAhead(found) is { } burst)
        {
            filters.Add(burst.Subscription.Filter);
            _bursts.TakeAhead(found, burst);
        }

        return filters;
    }

    private Topic Retain(string name)
    {
        var topic = new Topic(MqttText.Encode(name), isListed: true, 0);
        _retained.Set(new StoredMessage(topic, [1], [], QualityOfService.AtMostOnce, null)).ShouldBeTrue();
        return topic;
    }

    private void Subscribe(string filter) => _bursts.Add(
        new Subscription(new IdleSubscriber(), filter, QualityOfService.AtMostOnce, false, false, []), long.MaxValue);
}
