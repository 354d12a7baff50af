using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

/// <summary>Whether a topic has a subscriber that keeps messages, which is asked for each message while the store refuses.</summary>
public class RouteTests
{
    private const int Many = 100_000;

    private readonly VirtualClock _clock = new();

    [Fact]
    public void HasKeeper_NobodyKeepsMessages_CountsAsWork()
    {
        var members = Enumerable.Range(0, Many).Select(_ => new Keeper()).ToArray();
        var slice = new WorkSlice(_clock.Time);

        var own = RouteOf(members);
        own.HasKeeper(ref slice).ShouldBeFalse();
        slice.IsOver.ShouldBeTrue("so many look-ups are a slice");

        slice = new WorkSlice(_clock.Time);
        SharedBy(members).HasKeeper(ref slice).ShouldBeFalse();
        slice.IsOver.ShouldBeTrue();
    }

    [Fact]
    public void HasKeeper_OneDoes_IsFoundAgainAtOnce()
    {
        var members = Enumerable.Range(0, Many).Select(_ => new Keeper()).ToArray();
        members[^1].IsKeeping = true;
        foreach (var route in (Route[])[RouteOf(members), SharedBy(members)])
        {
            var first = new WorkSlice(_clock.Time);
            route.HasKeeper(ref first).ShouldBeTrue();
            var asked = members.Sum(member => member.Asked);
            for (var i = 0; i < 10; i++)
            {
                var slice = new WorkSlice(_clock.Time);
                route.HasKeeper(ref slice).ShouldBeTrue();
                slice.IsOver.ShouldBeFalse();
            }

            members.Sum(member => member.Asked).ShouldBe(asked + 10);
        }
    }

    [Fact]
    public void HasKeeper_TheOneThatWasFoundIsNoneAnyMore_FindsAnother()
    {
        var members = Enumerable.Range(0, 3).Select(_ => new Keeper { IsKeeping = true }).ToArray();
        var slice = new WorkSlice(_clock.Time);
        foreach (var route in (Route[])[RouteOf(members), SharedBy(members)])
        {
            members[0].IsKeeping = members[2].IsKeeping = true;
            route.HasKeeper(ref slice).ShouldBeTrue();
            members[0].IsKeeping = false;
            members[1].IsKeeping = false;
            route.HasKeeper(ref slice).ShouldBeTrue();
            members[2].IsKeeping = false;
            route.HasKeeper(ref slice).ShouldBeFalse();
            members[1].IsKeeping = true;
            route.HasKeeper(ref slice).ShouldBeTrue();
        }
    }

    [Fact]
    public void HasKeeper_TheMemberThatWasFoundHasLeft_IsFalse()
    {
        var group = new SharedGroup("g");
        var subscription = Of(new Keeper { IsKeeping = true });
        group.Add(subscription);
        var route = new Route(1, [], [group], 1);
        var slice = new WorkSlice(_clock.Time);
        route.HasKeeper(ref slice).ShouldBeTrue();

        group.Remove(subscription);

        route.HasKeeper(ref slice).ShouldBeFalse();
    }

    private static Route RouteOf(Keeper[] members) => new(1, [.. members.Select(Of)], [], 1);

    private static Route SharedBy(Keeper[] members)
    {
        var group = new SharedGroup("g");
        foreach (var member in members)
        {
            group.Add(Of(member));
        }

        return new Route(1, [], [group], 1);
    }

    private static Subscription Of(Keeper member) => new(member, "t", QualityOfService.AtLeastOnce, false, false, []);

    private sealed class Keeper : Subscriber
    {
        public bool IsKeeping { get; set; }

        /// <summary>How often it was asked.</summary>
        public int Asked { get; private set; }

        public override bool IsReachable => true;

        public override bool KeepsMessages
        {
            get
            {
                Asked++;
                return IsKeeping;
            }
        }

        public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
        {
        }
    }
}
