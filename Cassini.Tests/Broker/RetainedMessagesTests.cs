using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using CsCheck;

namespace Cassini.Tests.Broker;

public class RetainedMessagesTests
{
    [Fact]
    public void Match_AfterAnyChanges_FindsWhatAListFinds() =>
        Gen.Select(Gen.Select(Gens.Topic, Gen.Bool).Array[0, 40], Gens.Filter.Array[1, 10]).Sample(
            (changes, filters) =>
            {
                var memory = new TestMemory();
                var budget = memory.Budget;
                var retained = memory.Retained();
                var model = new HashSet<string>();
                foreach (var (name, set) in changes)
                {
                    var utf8 = Encoding.UTF8.GetBytes(name);
                    retained.Set(new StoredMessage(new Topic(utf8, true, 0), set ? [1] : [], [], QualityOfService.AtMostOnce, null))
                        .ShouldBeTrue();
                    _ = set ? model.Add(name) : model.Remove(name);
                    (retained.Get(utf8) is not null).ShouldBe(set);
                }

                retained.Count.ShouldBe(model.Count);
                foreach (var filter in filters)
                {
                    retained.Match(Encoding.UTF8.GetBytes(filter)).Select(message => message.Topic.Name)
                        .ShouldBe(model.Where(name => NaiveFilter.Matches(filter, name)), ignoreOrder: true, filter);
                }

                foreach (var name in model)
                {
                    retained.Set(
                        new StoredMessage(new Topic(Encoding.UTF8.GetBytes(name), true, 0), [], [], QualityOfService.AtMostOnce, null));
                }

                budget.Used.ShouldBe(0);
            },
            iter: 500);

    [Fact]
    public void Match_ChangedWhileItIsEnumerated_FindsOnceWhatStays() =>
        Gen.Select(Gens.Topic.Array[0, 40], Gen.Select(Gens.Topic, Gen.Bool).Array[0, 40], Gens.Filter).Sample(
            (names, changes, filter) =>
            {
                var retained = new TestMemory().Retained();
                foreach (var name in names)
                {
                    retained.Set(Message(name, expiresAt: null));
                }

                var stay = names.Where(name => NaiveFilter.Matches(filter, name)).ToHashSet();
                var found = new List<string>();
                var next = 0;
                foreach (var message in retained.Match(Encoding.UTF8.GetBytes(filter), retained.LastPlace))
                {
                    found.Add(message.Topic.Name);
                    for (var i = 0; i < 3 && next < changes.Length; i++)
                    {
                        var (name, set) = changes[next++];
                        retained.Set(Message(name, expiresAt: null, isEmpty: !set));
                        stay.Remove(name);
                    }
                }

                found.ShouldBeUnique();
                stay.ShouldBeSubsetOf(found);
            },
            iter: 2_000);

    [Fact]
    public void Sweep_NothingExpired_LooksAtNothing()
    {
        var clock = new VirtualClock();
        var retained = new TestMemory().Retained(time: clock.Time);
        for (var i = 0; i < 1_000; i++)
        {
            retained.Set(Message($"t/{i}", expiresAt: i % 2 == 0 ? clock.Time.TimestampFrequency * 60 : null));
        }

        Sweep(retained);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Sweep(retained);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000, "it copies no list of them all");
    }

    [Fact]
    public void Sweep_AfterAnyChanges_RemovesWhatHasExpired() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[-1, 3]).Array[0, 80].Sample(
            changes =>
            {
                var clock = new VirtualClock();
                var memory = new TestMemory();
                var budget = memory.Budget;
                var store = new InMemoryStore();
                var retained = memory.Retained(store, clock.Time);
                var model = new Dictionary<string, int>();
                foreach (var (place, lifetime) in changes)
                {
                    var name = $"t/{place}";
                    var expiresAt = lifetime > 0 ? clock.Time.GetTimestamp() + (lifetime * clock.Time.TimestampFrequency) : (long?)null;
                    retained.Set(Message(name, expiresAt, isEmpty: lifetime < 0)).ShouldBeTrue();
                    model.Remove(name);
                    if (lifetime >= 0)
                    {
                        model.Add(name, lifetime);
                    }
                }

                for (var second = 1; second <= 3; second++)
                {
                    clock.AdvanceBy(TimeSpan.FromSeconds(1));
                    Sweep(retained);
                    retained.Count.ShouldBe(model.Values.Count(lifetime => lifetime == 0 || lifetime > second));
                }

                foreach (var name in model.Keys)
                {
                    retained.Set(Message(name, null, isEmpty: true));
                }

                budget.Used.ShouldBe(0);
            },
            iter: 300);

    private static StoredMessage Message(string name, long? expiresAt, bool isEmpty = false) =>
        new(new Topic(Encoding.UTF8.GetBytes(name), true, 0), isEmpty ? [] : [1], [], QualityOfService.AtMostOnce, expiresAt);

    private static void Sweep(RetainedMessages retained) => retained.SweepAsync().AsTask().GetAwaiter().GetResult();
}
