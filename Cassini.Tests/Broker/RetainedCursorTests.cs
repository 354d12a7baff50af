using System.Runtime.CompilerServices;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>A search of the retained messages that pauses while they change.</summary>
public class RetainedCursorTests
{
    [Fact]
    public void Next_InSlicesWhileMessagesChange_FindsOnceWhatStays() =>
        Gen.Select(Gens.Topic.Array[0, 40], Gen.Select(Gens.Topic, Gen.Bool).Array[0, 40], Gens.Filter, Gen.Int[1, 5]).Sample(
            (names, changes, filter, slice) =>
            {
                var retained = Retained(names);
                var stay = names.Where(name => NaiveFilter.Matches(filter, name)).ToHashSet();
                var search = retained.Search(Encoding.UTF8.GetBytes(filter), retained.LastPlace);
                var found = new List<string>();
                for (var next = 0; !search.IsAtEnd;)
                {
                    var steps = slice;
                    while (search.Next(0, ref steps) is { } message)
                    {
                        found.Add(message.Topic.Name);
                    }

                    for (var i = 0; i < 3 && next < changes.Length; i++)
                    {
                        var (name, isSet) = changes[next++];
                        retained.Set(Message(name, isEmpty: !isSet));
                        stay.Remove(name);
                    }
                }

                found.ShouldBeUnique();
                stay.ShouldBeSubsetOf(found);
            },
            iter: 3_000);

    [Fact]
    public void Ahead_AtAnyPlace_IsWhatIsStillToCome() =>
        Gen.Select(Gens.Topic.Array[0, 30], Gen.Select(Gens.Topic, Gen.Bool).Array[0, 20], Gens.Filter, Gen.Int[0, 40]).Sample(
            (names, changes, filter, steps) =>
            {
                var retained = Retained(names);
                var search = retained.Search(Encoding.UTF8.GetBytes(filter), retained.LastPlace);
                while (search.Next(0, ref steps) is not null)
                {
                }

                foreach (var (name, isSet) in changes)
                {
                    retained.Set(Message(name, isEmpty: !isSet));
                }

                List<string> ahead = [.. names.Distinct().Where(name => IsAhead(search, retained, name))];
                var rest = new List<string>();
                var all = int.MaxValue;
                while (search.Next(0, ref all) is { } message)
                {
                    rest.Add(message.Topic.Name);
                }

                ahead.ShouldBe(rest, ignoreOrder: true);
                names.ShouldAllBe(name => !IsAhead(search, retained, name));
            },
            iter: 3_000);

    // A client that does not read must not keep in memory what others retain and remove meanwhile.
    [Fact]
    public void Search_ThatPauses_KeepsNothingThatIsRemoved()
    {
        var retained = Retained(["t/0", "t/1", "t/2"]);
        var search = retained.Search("t/#"u8, retained.LastPlace);
        var steps = 3;
        search.Next(0, ref steps)!.Topic.Name.ShouldBe("t/0");
        var removed = Churn(retained);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        removed.Count(message => message.IsAlive).ShouldBeLessThan(2);
        steps = int.MaxValue;
        search.Next(0, ref steps).ShouldBeNull();
        GC.KeepAlive(search);
    }

    // Its place among its siblings is found again, however many are older: in as many slices as that takes.
    [Theory]
    [InlineData("t/#", "t/{0}")]
    [InlineData("+/x", "{0}/x")]
    [InlineData("#", "{0}")]
    public void Next_FromATopicThatWasRemoved_LooksAtNoMoreNodesThanAllowed(string filter, string topic)
    {
        const int Older = 1_000;
        var retained = Retained([.. Enumerable.Range(0, Older + 1).Select(i => Name(topic, i))]);
        var search = retained.Search(Encoding.UTF8.GetBytes(filter), long.MaxValue);
        for (var steps = int.MaxValue; search.Next(0, ref steps)!.Topic.Name != Name(topic, Older - 1); steps = int.MaxValue)
        {
        }

        retained.Set(Message(Name(topic, Older), isEmpty: true));
        retained.Set(Message(Name(topic, Older + 1)));
        StoredMessage? found = null;
        var slices = 0;
        for (; found is null && !search.IsAtEnd; slices++)
        {
            var steps = 10;
            found = search.Next(0, ref steps);
            steps.ShouldBeGreaterThanOrEqualTo(0);
        }

        found!.Topic.Name.ShouldBe(Name(topic, Older + 1));
        slices.ShouldBeGreaterThanOrEqualTo(Older / 10);
    }

    // The broker's own topics are nothing for a wildcard in the first level, but they are looked at.
    [Fact]
    public void Next_PastManySystemTopics_LooksAtNoMoreNodesThanAllowed()
    {
        var retained = Retained([.. Enumerable.Range(0, 100).Select(i => $"${i}"), "t"]);
        var search = retained.Search("#"u8, long.MaxValue);
        var steps = 50;
        search.Next(0, ref steps).ShouldBeNull();
        search.IsAtEnd.ShouldBeFalse();
        steps = 60;
        search.Next(0, ref steps)!.Topic.Name.ShouldBe("t");
    }

    private static bool IsAhead(RetainedCursor search, RetainedMessages retained, string name) =>
        retained.Find(Encoding.UTF8.GetBytes(name)) is { Message: { } message } node && search.IsAhead(node, message, 0);

    private static string Name(string format, int number) => format.Replace("{0}", $"{number}", StringComparison.Ordinal);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Churn(RetainedMessages retained)
    {
        var levels = new List<WeakReference>();
        for (var i = 3; i < 100; i++)
        {
            var message = Message($"t/{i}");
            retained.Set(message);
            levels.Add(new WeakReference(retained.Get(message.Topic.Utf8)));
            retained.Set(Message($"t/{i - 3}", isEmpty: true));
        }

        for (var i = 97; i < 100; i++)
        {
            retained.Set(Message($"t/{i}", isEmpty: true));
        }

        return levels;
    }

    private static RetainedMessages Retained(string[] names)
    {
        var retained = new TestMemory().Retained();
        foreach (var name in names)
        {
            retained.Set(Message(name));
        }

        return retained;
    }

    private static StoredMessage Message(string name, bool isEmpty = false) =>
        new(new Topic(Encoding.UTF8.GetBytes(name), true, 0), isEmpty ? [] : [1], [], QualityOfService.AtMostOnce, null);
}
