using System.Globalization;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Micro;

/// <summary>
/// The cost of many subscriptions: memory of each, time to add one, and time of a match with one, ten and a hundred matches, among
/// a thousand and among a million others.
/// </summary>
internal static class SubscriptionScale
{
    private static readonly int[] Sizes = [1_000, 10_000, 100_000, 1_000_000];

    public static void Run()
    {
        Console.WriteLine("| subscriptions | bytes each | add, ns | 1 match, ns | 10 matches, ns | 100 matches, ns | no match, ns |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|");
        Measure(1_000); // to compile it
        foreach (var size in Sizes)
        {
            Console.WriteLine(Measure(size));
        }
    }

    private static string Measure(int size)
    {
        var subscribers = Enumerable.Range(0, 1_000).Select(_ => new NullSubscriber()).ToArray();
        var tree = new SubscriptionTree();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var startedAt = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < size; i++)
        {
            tree.Add(new Subscription(
                subscribers[i % subscribers.Length],
                string.Create(CultureInfo.InvariantCulture, $"site/{i % 100}/device/{i}/state"),
                QualityOfService.AtMostOnce,
                false,
                false,
                []));
        }

        var add = Nanoseconds(startedAt) / size;
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / size;
        foreach (var matches in (int[])[10, 100])
        {
            for (var i = 0; i < matches; i++)
            {
                tree.Add(new Subscription(
                    subscribers[i], $"many/{matches}/+/{(i % 2 == 0 ? "#" : "x")}", QualityOfService.AtMostOnce, false, false, []));
            }
        }

        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"| {size:N0} | {bytes:N0} | {add:N0} | {Match(tree, "site/7/device/907/state", 1):N0} | {Match(tree, "many/10/a/x", 10):N0} "
            + $"| {Match(tree, "many/100/a/x", 100):N0} | {Match(tree, "site/7/device/-1/state", 0):N0} |");
        GC.KeepAlive(tree);
        return line;
    }

    private static double Match(SubscriptionTree tree, string topic, int expected)
    {
        const int Rounds = 20_000;
        var name = MqttText.Encode(topic);
        var best = double.MaxValue;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var startedAt = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < Rounds; i++)
            {
                if (tree.Match(name).Subscriptions.Length != expected)
                {
                    throw new InvalidOperationException($"{topic} does not have {expected} matches");
                }
            }

            best = Math.Min(best, Nanoseconds(startedAt) / Rounds);
        }

        return best;
    }

    private static double Nanoseconds(long since) => TimeProvider.System.GetElapsedTime(since).TotalNanoseconds;

    private sealed class NullSubscriber : Subscriber
    {
        public override bool IsReachable => true;

        public override bool KeepsMessages => false;

        public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
        {
        }
    }
}
