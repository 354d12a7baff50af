using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using CsCheck;

namespace Cassini.Tests.Cluster;

/// <summary>What the clients of one node want, and what another node knows of it.</summary>
public class InterestTests
{
    private readonly SubscriptionTree _own = new();
    private readonly OwnInterest _told;
    private readonly SubscriptionTree _tree = new();
    private readonly ClusterPeer _peer = new();
    private readonly PeerInterest _known;

    public InterestTests()
    {
        _told = new OwnInterest(new PeerWatermark(), () => { });
        _own.Interest = _told;
        _known = new PeerInterest(_tree, _peer);
    }

    /// <summary>
    /// Any subscribing and unsubscribing, told as changes or as a whole: routes lead to the node if a client there wants them.
    /// </summary>
    [Fact]
    public void Routes_AfterAnyChanges_LeadToTheNodeThatWantsThem() =>
        Gen.Select(Gens.Filter, Gen.Int[0, 2], Gen.Int[0, 9]).Array[1, 60].Sample(steps => new InterestTests().Run(steps));

    // Of what it wants only what is for sessions that outlive it is left, and that is known again when this node starts anew.
    [Fact]
    public void Peer_ThatIsLost_WantsWhatItsKeptSessionsWant()
    {
        Subscribe("fast", FilterClass.Fast);
        Subscribe("sure", FilterClass.Sure);
        Subscribe("kept", FilterClass.Kept);
        Subscribe("kept/#", FilterClass.Kept);
        Subscribe("sure/#", FilterClass.Sure);
        Tell();

        _known.KeepsAny.ShouldBeTrue();
        _known.Leave();

        Found("fast").ShouldBeNull();
        Found("sure").ShouldBeNull();
        Found("sure/1").ShouldBeNull();
        Found("kept").ShouldBe(QualityOfService.ExactlyOnce);
        Found("kept/1").ShouldBe(QualityOfService.ExactlyOnce);
        var (filters, topics) = (_known.KeptFilters.ToList(), _known.KeptTopics.ToList());
        _known.Clear();
        Found("kept").ShouldBeNull();
        _known.KeepsAny.ShouldBeFalse();

        _known.Restore(filters, topics);
        Found("kept").ShouldBe(QualityOfService.ExactlyOnce);
        Found("kept/1").ShouldBe(QualityOfService.ExactlyOnce);
        Found("fast").ShouldBeNull();
    }

    // It is back without some of its sessions, for which something is kept until it is known where they are.
    [Fact]
    public void Pinned_StaysWanted_UntilItIsNot()
    {
        Subscribe("kept", FilterClass.Kept);
        Subscribe("kept/#", FilterClass.Kept);
        Tell();
        _known.Leave();
        _known.Pinned.Set(_known.KeptFilters, _known.KeptTopics);

        _known.TryApply(new InterestDelta(0, 9, [new WantedFilter("kept/#", FilterClass.Fast)], [], [], [], [], [])).ShouldBeTrue();
        Found("kept").ShouldBe(QualityOfService.ExactlyOnce);
        Found("kept/1").ShouldBe(QualityOfService.ExactlyOnce);
        var gone = new WantedTopic(TopicHashes.Of("kept").Single(), wanted: null);
        var change = new InterestDelta(9, 10, [new WantedFilter("a/+", FilterClass.Fast)], ["kept/#"], [gone], [], [], []);
        _known.TryApply(change).ShouldBeTrue();
        Found("kept").ShouldBe(QualityOfService.ExactlyOnce);
        Found("kept/1").ShouldBe(QualityOfService.ExactlyOnce);
        Found("a/1").ShouldBe(QualityOfService.AtMostOnce);

        _known.Pinned.Set([], []);
        _known.TryApply(new InterestDelta(0, 11, [], [], [], [], [], [])).ShouldBeTrue();
        Found("kept").ShouldBeNull();
        Found("kept/1").ShouldBeNull();
    }

    // The publisher's next message must find it: its route was looked up before.
    [Fact]
    public void Route_ThatWasFoundBefore_IsNotValidAfterAnyChange()
    {
        var subscription = Subscribe("t", FilterClass.Fast);
        Differs(() => Tell());
        Subscribe("t", FilterClass.Sure);
        Differs(() => Tell());
        Differs(() => _known.Leave());
        Differs(() => _known.TryApply(_told.All()).ShouldBeTrue());
        _own.Remove(subscription);
        Differs(() => _known.Clear());

        void Differs(Action change)
        {
            var version = _tree.Match("t"u8).Version;
            change();
            _tree.Version.ShouldNotBe(version);
        }
    }

    // Else each client that comes to another node would make each publisher look up its route anew.
    [Fact]
    public void Change_ThatIsAboutNoFilter_LeavesRoutesValid()
    {
        Subscribe("t", FilterClass.Sure);
        Tell();
        var version = _tree.Version;
        _told.Put(new ClientClaim(1, 1, ClaimPhase.Held));
        Tell();
        _tree.Version.ShouldBe(version);
    }

    // Two topics may have one hash: peers hear that it is not wanted any more when nobody wants either.
    [Fact]
    public void Hash_OfWhichSeveralWantSomething_IsWantedUntilNoneDoes()
    {
        var counts = new WantCounts<ulong>(HashComparer.Instance);
        counts.Change(4, FilterClass.Fast, 1).ShouldBeTrue();
        counts.Change(4, FilterClass.Kept, 1).ShouldBeTrue();
        counts.Change(4, FilterClass.Fast, 1).ShouldBeFalse();
        counts.TakeUntold().ShouldBe([(4UL, FilterClass.Kept)]);
        counts.Change(4, FilterClass.Kept, -1).ShouldBeTrue();
        counts.Change(4, FilterClass.Fast, -1).ShouldBeFalse();
        counts.TakeUntold().ShouldBe([(4UL, FilterClass.Fast)]);
        counts.Change(4, FilterClass.Fast, -1).ShouldBeTrue();
        counts.TakeUntold().ShouldBe([(4UL, null)]);
        counts.All.ShouldBeEmpty();
    }

    // What is kept for a node has filters of its own that begin so: a peer that says one would be taken for them.
    [Theory]
    [InlineData("$topics/!")]
    [InlineData("$SYS/#")]
    public void Filter_OfAPeer_ThatBeginsLikeTheServersOwn_IsNotTaken(string filter)
    {
        _known.TryApply(new InterestDelta(0, 1, [new WantedFilter(filter, FilterClass.Kept)], [], [], [], [], [])).ShouldBeTrue();

        _known.KeepsAny.ShouldBeFalse();
        KeptHashes.Topics.Read("$topics/!").ShouldBeEmpty("it cannot be read, and costs nothing else");
    }

    // A long change goes in parts that the bus takes, and says nothing twice.
    [Theory]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void Much_IsCutIntoPartsThatFit(int most)
    {
        for (var i = 0; i < 3_000; i++)
        {
            Subscribe($"topic/{i}", FilterClass.Sure);
            Subscribe($"wild/{i}/#", FilterClass.Kept);
        }

        var all = _told.All();
        var parts = InterestParts.Cut(all, most);

        parts.SelectMany(part => part.Topics).ShouldBe(all.Topics);
        parts.SelectMany(part => part.Wanted).ShouldBe(all.Wanted);
        foreach (var part in parts)
        {
            var sure = part.Wanted.Where(one => one.Class == FilterClass.Sure);
            var kept = part.Wanted.Where(one => one.Class == FilterClass.Kept);
            var told = new InterestTold(
                "n1", "000001a229de1f9d", 0, 1, 0, 1, [], [.. sure.Select(one => one.Filter)], [], [], [],
                [.. kept.Select(one => one.Filter)], [], InterestTold.Write(part.Topics));
            told.ToBytes().Length.ShouldBeLessThan(most + 250);
        }

        parts.Count.ShouldBeGreaterThan(1);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private void Run((string Filter, int Class, int Step)[] steps)
    {
        var all = new List<Subscription>();
        foreach (var (filter, wanted, step) in steps)
        {
            if (step < 6 || all.Count == 0)
            {
                all.Add(Subscribe(filter, (FilterClass)wanted));
            }
            else
            {
                _own.Remove(all[step % all.Count]);
                all.RemoveAt(step % all.Count);
            }

            if (step == 1)
            {
                // A change is lost: all is asked for.
                _told.TakeDelta();
                _known.TryApply(_told.All()).ShouldBeTrue();
            }
            else if (step % 2 == 0)
            {
                Tell();
            }
        }

        Tell();
        foreach (var topic in Gens.AllTopics)
        {
            var wanted = all.Where(one => !one.Filter.StartsWith('$') && TopicFilter.Matches(Utf8(one.Filter), Utf8(topic))).ToList();
            Found(topic).ShouldBe(
                wanted.Count == 0 ? null
                : wanted.All(one => one.QoS == QualityOfService.AtMostOnce) ? QualityOfService.AtMostOnce
                : QualityOfService.ExactlyOnce,
                topic);
        }

        _known.KeepsAny.ShouldBe(all.Exists(one => one.IsKept && !one.Filter.StartsWith('$')));
    }

    private Subscription Subscribe(string filter, FilterClass wanted)
    {
        Subscriber subscriber = wanted == FilterClass.Kept ? new Keeper() : new IdleSubscriber();
        var qos = wanted == FilterClass.Fast ? QualityOfService.AtMostOnce : QualityOfService.AtLeastOnce;
        var subscription = new Subscription(subscriber, filter, qos, noLocal: false, retainAsPublished: false, []);
        _own.Add(subscription);
        return subscription;
    }

    private void Tell()
    {
        if (_told.TakeDelta() is { } change)
        {
            _known.TryApply(change).ShouldBeTrue();
        }
    }

    private QualityOfService? Found(string topic) => _tree.Match(Utf8(topic)).Subscriptions switch
    {
        [] => null,
        [var one] when one.Subscriber == _peer => one.QoS,
        var several => throw new InvalidOperationException($"{several.Length} copies of '{topic}'"),
    };

    private sealed class Keeper : Subscriber
    {
        public override bool IsReachable => true;

        public override bool KeepsMessages => true;

        public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
        {
        }
    }
}
