using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>The choice among the members of a shared subscription.</summary>
public class SharedGroupTests
{
    private readonly SubscriptionTree _tree = new();

    [Fact]
    public void Next_ThousandsOfMembersAreAway_AsksNoneOfThem()
    {
        var away = Enumerable.Range(0, 3_000).Select(_ => new Member { KeepsThem = true }).ToList();
        var here = new Member { IsHere = true };
        SharedGroup group = null!;
        foreach (var member in (IEnumerable<Member>)[.. away, here])
        {
            member.Subscription = Of(member);
            _tree.Add(member.Subscription);
            group = _tree.FindGroup("$share/g/t")!;
        }

        var asked = away.Sum(member => member.Asked);
        for (var i = 0; i < 100; i++)
        {
            group.Next().ShouldBe(here.Subscription);
        }

        away.Sum(member => member.Asked).ShouldBe(asked);
    }

    [Fact]
    public void Add_ThousandsOfMembers_TakesMemoryInProportion()
    {
        var few = Allocated(() => AddMembers("few", 1_000));
        var many = Allocated(() => AddMembers("many", 8_000));
        many.ShouldBeLessThan(16 * few);
    }

    [Fact]
    public void Next_AfterAnyChanges_IsAMemberOfTheBestKindInTurn() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3]).Array[0, 60].Sample(
            steps =>
            {
                var group = new SharedGroup("g");
                var members = Enumerable.Range(0, 6).Select(_ => new Member()).ToArray();
                foreach (var (place, step) in steps)
                {
                    Do(group, members[place], step);
                    Check(group, [.. members.Where(member => member.Subscription is not null)]);
                }
            },
            iter: 1_000);

    // Whatever the numbers of members: of any first messages, each node has had its share, but for less than one.
    [Fact]
    public void Next_WithMembersOnOtherNodes_GivesEachNodeItsShare() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 20].Array[0, 8], Gen.Int[1, 200]).Sample(
            (own, others, count) =>
            {
                var (group, peers) = GroupOf(own, isHere: true, others);
                var weights = others.Prepend(own).ToArray();
                var got = new int[weights.Length];
                for (var turn = 1; turn <= count && weights.Sum() > 0; turn++)
                {
                    got[1 + Array.IndexOf(peers, group.Next())]++;
                    got.Zip(weights, (had, weight) => Math.Abs(had - ((double)turn * weight / weights.Sum()))).Max()
                        .ShouldBeLessThan(1.0001);
                }

                got.Zip(weights).ShouldAllBe(one => one.First == 0 || one.Second > 0);
            },
            iter: 1_000);

    [Fact]
    public void Next_AMemberElsewhereCanBeReached_IsPreferredToOwnThatAreAway()
    {
        var (group, peers) = GroupOf(3, isHere: false, [1]);
        group.Next().ShouldBe(peers[0]);
        group.Put(peers[0], 0, 3);
        Enumerable.Range(0, 6).Count(_ => group.Next() == peers[0]).ShouldBe(3);
        ((Member)peers[0].Subscriber).IsHere = false;
        Enumerable.Range(0, 6).ShouldAllBe(_ => group.Next() != peers[0], "the node is lost");
        group.NextOwn().ShouldNotBeNull();
    }

    [Fact]
    public void PutMembers_OfOtherNodesOnly_AreFoundUntilTheyAreGone()
    {
        var topic = "t"u8.ToArray();
        var peer = Of(new Member { IsHere = true });
        _tree.PutMembers(peer, 1, 1);
        _tree.Match(topic).Groups.ShouldHaveSingleItem().Next().ShouldBe(peer);
        _tree.Find(topic).ShouldBeEmpty("they are of this node");
        _tree.FindGroup("$share/g/t").ShouldNotBeNull().HasMembers.ShouldBeFalse();
        var own = Of(new Member { IsHere = true });
        _tree.Add(own, out var isFirst);
        isFirst.ShouldBeTrue("it takes the place");
        var version = _tree.Version;
        _tree.PutMembers(peer, 5, 5);
        _tree.Version.ShouldBe(version, "routes stay as they are");
        _tree.Remove(own);
        _tree.PutMembers(peer, 0, 0);
        _tree.FindGroup("$share/g/t").ShouldBeNull();
        _tree.Match(topic).IsEmpty.ShouldBeTrue();
    }

    private static (SharedGroup Group, Subscription[] Peers) GroupOf(int own, bool isHere, int[] others)
    {
        var group = new SharedGroup("g");
        for (var i = 0; i < own; i++)
        {
            group.Add(Of(new Member { IsHere = isHere, KeepsThem = !isHere }));
        }

        Subscription[] peers = [.. others.Select(_ => Of(new Member { IsHere = true }))];
        for (var i = 0; i < peers.Length; i++)
        {
            group.Put(peers[i], others[i], others[i]);
        }

        return (group, peers);
    }

    private static void Do(SharedGroup group, Member member, int step)
    {
        if (step == 3 && member.Subscription is not null)
        {
            group.Remove(member.Subscription);
            member.Subscription = null;
            return;
        }

        (member.IsHere, member.KeepsThem) = (step == 0, step == 1);
        if (member.Subscription is null)
        {
            group.Add(member.Subscription = Of(member));
        }
        else
        {
            group.Review(member.Subscription);
        }
    }

    private static void Check(SharedGroup group, Member[] members)
    {
        group.Members.ToArray().ShouldBe(members.Select(member => member.Subscription), ignoreOrder: true);
        group.IsEmpty.ShouldBe(members.Length == 0);
        var best = members.Where(member => member.IsHere).ToList();
        best = best.Count > 0 ? best : [.. members.Where(member => member.KeepsThem)];
        var got = Enumerable.Range(0, Math.Max(1, best.Count)).Select(_ => group.Next()).ToList();
        got.ShouldBe(best.Count > 0 ? best.Select(member => member.Subscription) : [null], ignoreOrder: true);
    }

    private static Subscription Of(Subscriber member) => new(member, "$share/g/t", QualityOfService.AtMostOnce, false, false, []);

    private void AddMembers(string topic, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _tree.Add(new Subscription(new Member(), $"$share/g/{topic}", QualityOfService.AtMostOnce, false, false, []));
        }
    }

    private static long Allocated(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed class Member : Subscriber
    {
        public bool IsHere { get; set; }

        public bool KeepsThem { get; set; }

        /// <summary>How often it was asked whether it can be reached.</summary>
        public int Asked { get; private set; }

        public Subscription? Subscription { get; set; }

        public override bool IsReachable
        {
            get
            {
                Asked++;
                return IsHere;
            }
        }

        public override bool KeepsMessages => KeepsThem;

        public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
        {
        }
    }
}
