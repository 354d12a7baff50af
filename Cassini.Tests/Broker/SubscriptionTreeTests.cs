using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Broker;

public class SubscriptionTreeTests
{
    private static readonly Gen<string> AnyFilter = Gen.Frequency(
        (4, Gens.Filter), (1, Gen.Select(Gens.OneOf("g", "h"), Gens.Filter, (name, filter) => $"$share/{name}/{filter}")));

    /// <summary>Any adding and removing, and after each step the tree agrees with a list.</summary>
    [Fact]
    public void Match_AfterAnyChanges_FindsWhatAListFinds() =>
        Gen.Select(AnyFilter, Gen.Int[0, 3], Gen.Bool, Gen.Int).Array[1, 60].Sample(
            steps =>
            {
                var tree = new SubscriptionTree();
                var subscribers = Enumerable.Range(0, 4).Select(_ => new Listener()).ToArray();
                var all = new List<Subscription>();
                foreach (var (filter, place, add, pick) in steps)
                {
                    if (add || all.Count == 0)
                    {
                        all.Add(Subscribe(subscribers[place], filter));
                        tree.Add(all[^1]);
                    }
                    else
                    {
                        var at = (int)((uint)pick % all.Count);
                        tree.Remove(all[at]);
                        all.RemoveAt(at);
                    }

                    tree.Count.ShouldBe(all.Count);
                    foreach (var topic in new[] { "a", "/", "a/b", "$s/a", "a//b", "a/$s", "b/a/b/a" })
                    {
                        Check(tree, all, topic);
                    }
                }

                foreach (var subscription in all)
                {
                    tree.Remove(subscription);
                }

                foreach (var topic in new[] { "a", "a/b" })
                {
                    tree.Match(Encoding.UTF8.GetBytes(topic)).IsEmpty.ShouldBeTrue();
                }
            },
            iter: 400);

    /// <summary>What stays subscribed all the time is found all the time, whatever comes and goes beside it.</summary>
    [Fact]
    public async Task Match_WhileOthersChangeTheTree_AlwaysFindsWhatStays()
    {
        var tree = new SubscriptionTree();
        string[] staying = ["a/b", "a/+", "a/#", "#", "+/b", "$share/g/a/b"];
        var listeners = staying.Select(filter => Subscribe(new Listener(), filter)).ToList();
        listeners.ForEach(subscription => tree.Add(subscription));
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 2).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            var mine = new List<Subscription>();
            for (var i = 0; i < 20_000; i++)
            {
                if (mine.Count < 40 && random.Next(2) == 0)
                {
                    var filter = random.Next(4) switch
                    {
                        0 => "a/b",
                        1 => $"a/{random.Next(30)}",
                        2 => $"{random.Next(30)}/#",
                        _ => $"$share/g/a/{random.Next(3)}",
                    };
                    mine.Add(Subscribe(new Listener(), filter));
                    tree.Add(mine[^1]);
                }
                else if (mine.Count > 0)
                {
                    var at = random.Next(mine.Count);
                    tree.Remove(mine[at]);
                    mine.RemoveAt(at);
                }
            }

            mine.ForEach(subscription => tree.Remove(subscription));
        })).ToList();
        var matchers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var matches = 0;
            do
            {
                var route = tree.Match("a/b"u8);
                listeners.Take(5).ShouldAllBe(listener => route.Subscriptions.Contains(listener));
                route.Subscriptions.Length.ShouldBe(route.Subscriptions.Distinct().Count());
                route.Groups.ShouldHaveSingleItem().Members.ToArray().ShouldContain(listeners[5]);
                matches++;
            }
            while (!stop.IsCancellationRequested);

            return matches;
        })).ToList();
        await Task.WhenAll(writers);
        await stop.CancelAsync();
        (await Task.WhenAll(matchers)).ShouldAllBe(matches => matches > 0);
        tree.Count.ShouldBe(staying.Length);
        tree.Match("a/b"u8).Subscriptions.ShouldBe(listeners.Take(5), ignoreOrder: true);
    }

    [Fact]
    public void Version_Changes_AfterEachChange()
    {
        var tree = new SubscriptionTree();
        var subscription = Subscribe(new Listener(), "a");
        var before = tree.Version;
        tree.Add(subscription);
        var added = tree.Version;
        tree.Remove(subscription);
        new[] { before, added, tree.Version }.ShouldBeUnique();
    }

    private static void Check(SubscriptionTree tree, List<Subscription> all, string topic)
    {
        var matching = all.Where(subscription => NaiveFilter.Matches(Inner(subscription.Filter), topic)).ToList();
        var found = tree.Find(Encoding.UTF8.GetBytes(topic));
        found.ShouldBe(matching, ignoreOrder: true, topic);

        // One for each subscriber, with the highest QoS and all identifiers.
        var route = tree.Match(Encoding.UTF8.GetBytes(topic));
        var expected = matching
            .Where(subscription => !subscription.Filter.StartsWith("$share/", StringComparison.Ordinal))
            .GroupBy(subscription => subscription.Subscriber)
            .Select(group => (group.Key, group.Max(s => s.QoS), string.Join(',', group.SelectMany(s => s.Identifiers).Order())));
        route.Subscriptions.Select(s => (s.Subscriber, s.QoS, string.Join(',', s.Identifiers.Order())))
            .ShouldBe(expected, ignoreOrder: true, topic);
        route.Groups.SelectMany(group => group.Members.ToArray()).ShouldBe(
            matching.Where(subscription => subscription.Filter.StartsWith("$share/", StringComparison.Ordinal)), ignoreOrder: true, topic);
    }

    private static string Inner(string filter) => filter.StartsWith("$share/", StringComparison.Ordinal) ? filter[9..] : filter;

    private static Subscription Subscribe(Subscriber subscriber, string filter) =>
        new(subscriber, filter, (QualityOfService)(filter.Length % 3), false, false, [filter.Length]);

    // One client with thousands of overlapping filters costs as much as thousands of clients with one: not its square.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Match_ManyFiltersOfOneClient_TakesMemoryInProportion(bool noLocal)
    {
        var few = Cost(1_000);
        Cost(8_000).ShouldBeLessThan(16 * few);

        long Cost(int filters)
        {
            var tree = new SubscriptionTree();
            var client = new Listener();
            for (var i = 1; i <= filters; i++)
            {
                tree.Add(new Subscription(client, "t", QualityOfService.AtMostOnce, noLocal && i % 2 == 0, false, [i]));
            }

            tree.Match("t"u8);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var route = tree.Match("t"u8);
            var cost = GC.GetAllocatedBytesForCurrentThread() - before;
            route.Subscriptions.ShouldHaveSingleItem().Identifiers.ShouldBe(Enumerable.Range(1, filters));
            return cost;
        }
    }

    [Fact]
    public void Match_OverlappingFiltersSomeWithNoLocal_HasWhatTheClientItselfGets()
    {
        var tree = new SubscriptionTree();
        var client = new Listener();
        tree.Add(new Subscription(client, "t", QualityOfService.ExactlyOnce, noLocal: true, false, [1]));
        tree.Add(new Subscription(client, "+", QualityOfService.AtMostOnce, noLocal: false, true, [2]));
        tree.Add(new Subscription(client, "#", QualityOfService.AtLeastOnce, noLocal: false, false, [3]));

        var merged = tree.Match("t"u8).Subscriptions.ShouldHaveSingleItem();

        (merged.QoS, merged.RetainAsPublished).ShouldBe((QualityOfService.ExactlyOnce, true));
        merged.Identifiers.Order().ShouldBe([1, 2, 3]);
        merged.For(new Listener()).ShouldBe(merged);
        var own = merged.For(client).ShouldNotBeNull();
        (own.QoS, own.RetainAsPublished).ShouldBe((QualityOfService.AtLeastOnce, true));
        own.Identifiers.Order().ShouldBe([2, 3]);
    }

    // Tens of thousands of shares of one filter are cheap to make and to end: no list of them is searched or copied.
    [Fact]
    public void Shares_ManyOfOneFilter_ComeAndGo()
    {
        const int Shares = 50_000;
        var tree = new SubscriptionTree();
        var members = Enumerable.Range(0, Shares)
            .Select(i => new Subscription(new Listener(), $"$share/g{i}/t", QualityOfService.AtMostOnce, false, false, []))
            .ToList();
        members.ForEach(subscription => tree.Add(subscription));
        tree.Match("t"u8).Groups.Length.ShouldBe(Shares);

        members.ForEach(subscription => tree.Remove(subscription));

        tree.Match("t"u8).IsEmpty.ShouldBeTrue();
        tree.Count.ShouldBe(0);
    }

    // The work of a search is what it found, not what is left of it.
    [Fact]
    public void Match_ManyFiltersOfOneSubscriber_SaysHowManyWereFound()
    {
        var tree = new SubscriptionTree();
        var client = new Listener();
        foreach (var filter in (string[])["a/b", "a/+", "a/#", "#", "+/b", "$share/g/a/b", "$share/h/#", "other"])
        {
            tree.Add(new Subscription(client, filter, QualityOfService.AtMostOnce, noLocal: false, false, []));
        }

        var route = tree.Match("a/b"u8);

        route.Subscribers.ShouldBe(3);
        route.Steps.ShouldBe(3 + (7 / Route.FoundInAStep), "three nodes above the last level, and seven that were found");
    }

    // Levels that match in two ways each: the nodes to look at double with each level, though none of the filters matches.
    [Fact]
    public void Match_ManyNodesAndNothingFound_CountsTheNodes()
    {
        const int Levels = 8;
        var tree = new SubscriptionTree();
        var client = new Listener();
        for (var bits = 0; bits < 1 << Levels; bits++)
        {
            var levels = Enumerable.Range(0, Levels).Select(level => (bits >> level & 1) == 0 ? "a" : "+");
            tree.Add(new Subscription(
                client, string.Join('/', levels.Append("end")), QualityOfService.AtMostOnce, noLocal: false, false, []));
        }

        var route = tree.Match(Encoding.UTF8.GetBytes(string.Join('/', Enumerable.Repeat("a", Levels).Append("other"))));

        route.Subscribers.ShouldBe(0);
        route.Steps.ShouldBe((2 << Levels) - 1);
    }
}
