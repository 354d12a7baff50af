using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>Two nodes of which one does not count the other: one is real, and the other says what the test wants.</summary>
public sealed class StandingsTests : IDisposable
{
    private readonly VirtualClock _clock = new();
    private readonly SimulatedNode _node;
    private readonly IBus _peer;
    private readonly Epoch _run;
    private readonly List<TermHeeded> _heeded = [];
    private Standing? _standing;

    public StandingsTests()
    {
        var engine = new SimulatedEngine(_clock, new Random(1));
        _node = new SimulatedNode(_clock, engine, "n1", new ClusterOptions());
        _peer = engine.Connect("n2");
        _run = Epoch.StartingAt(_clock.UtcNow);
        _peer.Subscribe("cassini.main.c.node.n2", Hear);
        _peer.Subscribe("cassini.main.c.all", Hear);
    }

    public void Dispose() => _node.Dispose();

    // What it sent before may be taken for sessions that have gone without its marks.
    [Fact]
    public void Node_ThatIsNotCounted_OpensAnotherLinkForEachTerm()
    {
        _clock.AdvanceBy(TimeSpan.FromSeconds(20));
        Meet();
        Beat(null);
        Beat([new Standing("n1", 1, Counts: true)]);
        _heeded.ShouldBeEmpty();

        Beat([new Standing("n1", 2, Counts: false)]);
        var first = _heeded[^1].Link;
        Beat([new Standing("n1", 2, Counts: false)]);
        _heeded.Select(heeded => (heeded.Term, heeded.Link)).ShouldBe([(2, first), (2, first)], "it may have been lost");

        Beat([new Standing("n1", 3, Counts: false)]);
        (_heeded[^1].Term, _heeded[^1].Of).ShouldBe((3, $"{_run}"));
        _heeded[^1].Link.ShouldBeGreaterThan(first);

        // It does not know this node at all.
        var second = _heeded[^1].Link;
        Beat([new Standing("n3", 1, Counts: true)]);
        Beat([new Standing("n1", 3, Counts: false)]);
        _heeded[^1].Link.ShouldBeGreaterThan(second + 1);
    }

    [Fact]
    public void Node_ThatHasJoined_TakesNothingOfOneThatItMeets_UntilThatKnows()
    {
        var subscriber = _node.Subscribe("t", out _);
        _clock.AdvanceBy(TimeSpan.FromSeconds(20));
        Meet();
        var standing = _standing.ShouldNotBeNull();
        standing.Counts.ShouldBeFalse();
        standing.Term.ShouldBeGreaterThan(0);
        var (before, after) = (Link(1), Link(2));
        Send(before, "on the link before");
        Heed(standing.Term + 1, before);
        Send(before, "of another term");
        Got(subscriber).ShouldBeEmpty();

        Heed(standing.Term, after);
        Send(after, "on the link since");
        before.Look(isBack: true);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));

        Got(subscriber).ShouldBe(["on the link since"]);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
        _standing.ShouldNotBeNull().Counts.ShouldBeTrue();
        after.IsSettled.ShouldBeFalse("the test takes no acknowledgements");
    }

    // It has published nothing, so nothing can have been taken for others.
    [Fact]
    public void Node_ThatHasNotJoined_GoesOnWithItsLink()
    {
        Meet();
        Beat([new Standing("n1", 1, Counts: false)]);
        Beat([new Standing("n1", 2, Counts: false)]);

        _heeded.Count.ShouldBe(2);
        _heeded[1].Link.ShouldBe(_heeded[0].Link);
    }

    [Fact]
    public void Node_ThatHasNotJoined_CountsWhomItMeets()
    {
        var subscriber = _node.Subscribe("t", out _);
        Meet();
        _standing.ShouldBeNull("it says nothing before it has joined");
        Send(Link(1), "x");

        Got(subscriber).ShouldBe(["x"]);
    }

    // No link of that node could ever be taken.
    [Fact]
    public void Link_ThatAPeerCannotHave_IsNone()
    {
        var subscriber = _node.Subscribe("t", out _);
        _clock.AdvanceBy(TimeSpan.FromSeconds(20));
        Meet();
        var term = _standing.ShouldNotBeNull().Term;
        Heed(term, new LinkSender(_peer, "d", ulong.MaxValue, new LinkOptions(), _clock.Time));
        var link = Link(1);
        Heed(term, link);
        Send(link, "x");

        Got(subscriber).ShouldBe(["x"]);
    }

    // It does not say that it knows.
    [Fact]
    public void Peer_OfAnEarlierVersion_IsCountedAfterAWhile()
    {
        var subscriber = _node.Subscribe("t", out _);
        _clock.AdvanceBy(TimeSpan.FromSeconds(20));
        Meet();
        var link = Link(1);
        Send(link, "x");
        for (var i = 0; i < 28; i++)
        {
            Beat(null);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(490));
        }

        Got(subscriber).ShouldBeEmpty();
        for (var i = 0; i < 6; i++)
        {
            Beat(null);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(490));
        }

        link.Look(isBack: true);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
        Got(subscriber).ShouldBe(["x"]);
    }

    private static List<string> Got(LocalSubscriber subscriber)
    {
        var got = new List<string>();
        while (subscriber.TryRead(out var message))
        {
            got.Add(Encoding.UTF8.GetString(message.Message.Payload.Span));
        }

        return got;
    }

    private void Meet()
    {
        for (var i = 0; i < 3; i++)
        {
            Beat(null);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
        }
    }

    private void Beat(ImmutableArray<Standing>? peers)
    {
        Say(new Beat("n2", $"{_run}", 0, "same", _clock.UtcNow, 0, peers));
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
    }

    private void Heed(long term, LinkSender link)
    {
        Say(new TermHeeded("n2", $"{_run}", $"{_node.Epoch}", term, link.Number));
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
    }

    private void Say(ControlMessage message) => _peer.TryPublish("cassini.main.c.all", message.ToBytes());

    private LinkSender Link(ulong number) =>
        new(_peer, "cassini.main.d.n1.n2", LinkNumber.Before(_run.Value) + number, new LinkOptions(), _clock.Time);

    private void Send(LinkSender link, string text)
    {
        var message = new Publication
        {
            Topic = new Topic("t"u8.ToArray(), isListed: false, 0),
            Payload = Encoding.UTF8.GetBytes(text),
            QoS = QualityOfService.AtLeastOnce,
            Account = new AccountTable(QuotaOptions.Whole).OfBroker,
        };
        link.TryAdd(ref message, QualityOfService.AtLeastOnce, Audience.All, new FlushSet()).ShouldBeTrue();
        link.Flush(inline: false);
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
    }

    private void Hear(ReadOnlyMemory<byte> bytes)
    {
        switch (ControlMessage.Read(bytes.Span))
        {
            case TermHeeded { Node: "n1" } heeded:
                _heeded.Add(heeded);
                break;
            case Beat { Node: "n1", Peers: { } peers }:
                _standing = peers.FirstOrDefault(one => one.Node == "n2");
                break;
        }
    }
}
