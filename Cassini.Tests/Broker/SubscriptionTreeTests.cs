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
        listeners.ForEach(tree.Add);
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

            mine.ForEach(tree.Remove);
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

    // Tens of thousands of shares of one filter are cheap to make and to end: no list of them is searched or copied.
    [Fact]
    public void Shares_ManyOfOneFilter_ComeAndGo()
    {
        const int Shares = 50_000;
        var tree = new SubscriptionTree();
        var members = Enumerable.Range(0, Shares)
            .Select(i => new Subscription(new Listener(), $"$share/g{i}/t", QualityOfService.AtMostOnce, false, false, []))
            .ToList();
        members.ForEach(tree.Add);
        tree.Match("t"u8).Groups.Length.ShouldBe(Shares);

        members.ForEach(tree.Remove);

        tree.Match("t"u8).IsEmpty.ShouldBeTrue();
        tree.Count.ShouldBe(0);
    }
}
