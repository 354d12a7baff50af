using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>How much all kept routes weigh is known exactly: else the bound on it never holds, or always does.</summary>
public class TopicTableTests
{
    private readonly VirtualClock _clock = new();
    private readonly SubscriptionTree _tree = new();

    [Fact]
    public void RouteWeight_TopicUsedAgainAfterItsRemoval_IsNoneOfTheTable()
    {
        var table = Table();
        var subscriptions = Enumerable.Range(0, 5).Select(_ => Subscribe("a")).ToList();
        var topic = table.Get("a"u8);
        table.RouteOf(topic).Weight.ShouldBe(5);
        table.RouteWeight.ShouldBe(5);

        _clock.AdvanceBy(TimeSpan.FromHours(2));
        Sweep(table, _ => false);
        table.RouteWeight.ShouldBe(0);

        _tree.Remove(subscriptions[0]);
        table.RouteOf(topic).Weight.ShouldBe(4, "a publisher still holds the topic");
        table.RouteWeight.ShouldBe(0);
    }

    // A subscriber that excludes its own messages from one of its subscriptions gets two merged ones, each with its identifiers.
    [Fact]
    public void RouteWeight_MergedSubscriptions_CountTheIdentifiersOfBoth()
    {
        const int Filters = 100;
        var subscriber = new Listener();
        for (var i = 0; i < Filters; i++)
        {
            _tree.Add(new Subscription(subscriber, i % 2 == 0 ? "a" : "a/#", QualityOfService.AtMostOnce, i == 0, false, [i + 1]));
        }

        var merged = _tree.Match("a"u8);

        merged.Subscriptions.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            all => all.Identifiers.Length.ShouldBe(Filters),
            all => all.ForOwnMessages!.Identifiers.Length.ShouldBe(Filters - 1));
        merged.Weight.ShouldBe(1 + (Filters / 2) + 1 + ((Filters - 1) / 2));
    }

    [Fact]
    public void RouteWeight_AfterAnyChanges_IsThatOfTheKeptRoutes() =>
        Gen.Int[0, 4].Select(Gen.Int[0, 7]).Array[0, 60].Sample(
            steps =>
            {
                var table = Table(maxRouteWeight: 20);
                var topics = Enumerable.Range(0, 8).Select(i => table.Get(Encoding.UTF8.GetBytes($"t/{i}"))).ToArray();
                var held = topics.ToHashSet();
                foreach (var (step, place) in steps)
                {
                    Do(table, topics, step, place);
                    held.Add(topics[place]);
                    table.RouteWeight.ShouldBe(held.Sum(topic => topic.Route?.Weight ?? 0));
                }
            },
            iter: 300,
            threads: 1);

    [Fact]
    public async Task RouteWeight_AfterChangesAtOnce_IsThatOfTheKeptRoutes()
    {
        const int Rounds = 3_000;
        var table = Table(maxRouteWeight: 60);
        Topic[][] held = [.. Enumerable.Range(0, 3).Select(_ => new Topic[8])];
        var used = new System.Collections.Concurrent.ConcurrentDictionary<Topic, bool>();
        var workers = held.Select((topics, seed) => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < Rounds; i++)
            {
                var place = random.Next(8);
                topics[place] = topics[place] is { IsRemoved: false } kept && random.Next(4) > 0
                    ? kept
                    : table.Get(Encoding.UTF8.GetBytes($"t/{place}"));
                used[topics[place]] = true;
                table.RouteOf(topics[place]);
                if (random.Next(3) == 0)
                {
                    var subscription = Subscribe(random.Next(2) == 0 ? "t/#" : $"t/{place}");
                    if (random.Next(2) == 0)
                    {
                        _tree.Remove(subscription);
                    }
                }
            }
        })).ToList();
        var sweeper = Task.Run(() =>
        {
            for (var i = 0; i < 300 || !workers.All(worker => worker.IsCompleted); i++)
            {
                _clock.AdvanceBy(TimeSpan.FromHours(1));
                Sweep(table, _ => i % 3 == 0);
            }
        });

        await Eventually.CompletesAsync("all is done", Task.WhenAll([.. workers, sweeper]));
        table.RouteWeight.ShouldBe(used.Keys.Sum(topic => topic.Route?.Weight ?? 0));
    }

    private void Do(TopicTable table, Topic[] topics, int step, int place)
    {
        switch (step)
        {
            case 0:
                Subscribe($"t/{place}");
                break;
            case 1:
                Subscribe("t/#");
                break;
            case 2:
                table.RouteOf(topics[place]);
                break;
            case 3:
                _clock.AdvanceBy(TimeSpan.FromHours(2));
                Sweep(table, _ => false);
                break;
            case 4:
                topics[place] = table.Get(topics[place].Utf8);
                break;
        }
    }

    private TopicTable Table(long maxRouteWeight = 4_000_000)
    {
        var accounts = new AccountTable(QuotaOptions.Whole);
        var budget = new MemoryBudget(long.MaxValue, accounts);
        return new(new BrokerOptions(), accounts, budget, _tree, new RecordingPublisher(), _clock.Time)
        {
            MaxRouteWeight = maxRouteWeight,
        };
    }

    private Subscription Subscribe(string filter)
    {
        var subscription = new Subscription(new Listener(), filter, QualityOfService.AtMostOnce, false, false, []);
        _tree.Add(subscription);
        return subscription;
    }

    private static void Sweep(TopicTable table, Func<Topic, bool> isRetained) =>
        table.SweepAsync(isRetained).AsTask().GetAwaiter().GetResult();
}
