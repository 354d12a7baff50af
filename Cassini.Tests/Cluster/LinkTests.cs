using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Cassini.Tests.Broker;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>One link between two nodes whose bus loses frames, or takes only small ones.</summary>
public class LinkTests
{
    private readonly VirtualClock _clock = new();
    private readonly ClusterPeer _peer = new();
    private readonly Bus _there = new();
    private readonly Bus _back = new();
    private readonly List<string> _got = [];
    private readonly List<IAddressees?> _addressees = [];

    // Parts are acknowledged with the last one only, and fewer than it has are sent again at once.
    [Fact]
    public void Parts_ThatAreMoreThanIsSentAgainAtOnce_Come()
    {
        var (link, receiver) = Open(new LinkOptions { MostAgain = 4_000 });
        _there.Left = 7;
        Send(link, new string('x', 20_000));
        _there.Left = int.MaxValue;

        for (var round = 0; round < 10 && _got.Count == 0; round++)
        {
            Carry(link, receiver);
            _clock.AdvanceBy(TimeSpan.FromSeconds(2));
            link.Look(isBack: false);
        }

        _got.ShouldBe([new string('x', 20_000)]);
    }

    [Fact]
    public void Part_ThatIsMissing_IsSentAgainFromThereUntilItComes()
    {
        var (link, receiver) = Open(new LinkOptions { MostAgain = 2_000 });
        Send(link, new string('x', 20_000));
        _there.Frames.RemoveAt(9);
        Carry(link, receiver, atMost: 10);
        _there.Frames.Clear();
        Carry(link, receiver);

        _there.Sent.TakeLast(2).ShouldBe([10, 11]);

        _clock.AdvanceBy(TimeSpan.FromSeconds(2));
        Send(link, "another");
        Carry(link, receiver, atMost: 1);
        _there.Sent.TakeLast(2).ShouldBe([10, 11], "these were lost too");
    }

    // A peer whose disk stands still says how far it is, and that is no further.
    [Fact]
    public void Doubt_EndsWhenThePeerTakesSomething_NotWhenItIsHeard()
    {
        var (link, _) = Open(new LinkOptions());
        link.Doubt();
        Send(link, "x");

        link.OnAcknowledged(new FrameHeader(FrameKind.Acknowledgement, 1, link.Number, 0, Acknowledged: 0, 0));
        link.IsDoubted.ShouldBeTrue();

        link.OnAcknowledged(new FrameHeader(FrameKind.Acknowledgement, 1, link.Number, 0, Acknowledged: 1, 0));
        link.IsDoubted.ShouldBeFalse();
    }

    // As many as the bus takes in one message, and the rest in the next ones.
    [Fact]
    public async Task Address_NamesWhoGetsWhatFollows_UntilTheLinkIsAnother()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("c1", change: BrokerRig.Lasting);
        var session = rig.Broker.Sessions.Find("c1").ShouldNotBeNull();
        var (link, receiver) = Open(new LinkOptions());
        ulong[] others = [.. Enumerable.Range(0, 300).Select(i => (ulong)i)];
        Includes().ShouldBeNull("nobody is named");
        link.Address(Addressing.Only, [.. others, ClientHash.Of("c1")]);
        Includes().ShouldBe(true);
        link.Address(Addressing.Only, others);
        Includes().ShouldBe(false);
        link.Address(Addressing.Except, others);
        Includes().ShouldBe(true);
        link.Address(Addressing.Except, [.. others, ClientHash.Of("c1")]);
        Includes().ShouldBe(false);
        link.Address(Addressing.Everyone, []);
        Includes().ShouldBeNull();

        link.Address(Addressing.Only, others);
        Carry(link, receiver);
        link = NewLink(_there, 2, new LinkOptions());
        Includes().ShouldBeNull("it is another link");

        bool? Includes()
        {
            Send(link, QualityOfService.AtLeastOnce, Audience.Keepers, "x");
            Carry(link, receiver);
            return _addressees[^1]?.Includes(session);
        }
    }

    // A server may take less than a frame has as a rule.
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    public void Frames_AreNoLargerThanTheBusTakes(QualityOfService qos)
    {
        var (link, receiver) = Open(new LinkOptions());
        string[] sent = [.. Enumerable.Range(0, 100).Select(i => $"{i} {new string('x', i * 3)}")];
        Send(link, qos, sent);
        Carry(link, receiver);

        _got.ShouldBe(sent);
    }

    // Whoever can send to a node must not fill its memory with a message that never ends.
    [Fact]
    public void Parts_OfAMessageThatIsTooLarge_AreTakenNoMore()
    {
        var (link, receiver) = Open(new LinkOptions(), largestMessage: 10_000);
        Send(link, new string('x', 9_900));
        Carry(link, receiver);
        _got.Count.ShouldBe(1);

        Send(link, new string('y', 20_000));
        Carry(link, receiver);
        Send(link, "small");
        Carry(link, receiver);
        _got.Count.ShouldBe(1);

        var next = NewLink(_there, 2, new LinkOptions());
        Send(next, "of the next link");
        Carry(next, receiver);
        _got[^1].ShouldBe("of the next link");
    }

    // It had the name of the peer for a while, and began later: its numbers are higher.
    [Fact]
    public void Frames_OfAnotherRunOfThePeer_CountForNothing()
    {
        var receiver = new LinkReceiver(_peer, Deliver, new Durability(), _clock.Time, static _ => { })
        {
            Run = 1_000,
            Sender = NewLink(_back, 1, new LinkOptions()),
        };
        foreach (var (run, text) in (ReadOnlySpan<(ulong, string)>)[(5_000, "later"), (1_000, "its own"), (999, "earlier")])
        {
            var link = NewLink(_there, LinkNumber.Before(run) + 1, new LinkOptions());
            Send(link, text);
            Carry(link, receiver);
        }

        _got.ShouldBe(["its own"]);
    }

    // This node has given it up, and it does not know that yet.
    [Fact]
    public void Frames_OfAPeerThatIsRefused_AreTakenOnLinksThatItOpensLater()
    {
        var (link, receiver) = Open(new LinkOptions());
        Send(link, "before");
        Carry(link, receiver);
        receiver.Refuse();
        Send(link, "refused");
        Carry(link, receiver);
        receiver.TryTakeFrom(2).ShouldBeTrue();
        link.Look(isBack: true);
        Carry(link, receiver);
        link.IsSettled.ShouldBeFalse("it must be kept there");

        var next = NewLink(_there, 2, new LinkOptions());
        Send(next, "after");
        Carry(next, receiver);

        _got.ShouldBe(["before", "after"]);
    }

    [Fact]
    public void Acknowledgements_OfAPeerThatIsRefused_Count()
    {
        var (_, receiver) = Open(new LinkOptions());
        var sender = receiver.Sender.ShouldNotBeNull();
        Send(sender, "x");
        receiver.Refuse();
        var frame = new byte[FrameHeader.Size];
        new FrameHeader(FrameKind.Acknowledgement, 1, sender.Number, 0, Acknowledged: 1, 0).Write(frame);

        receiver.Receive(frame);

        sender.IsSettled.ShouldBeTrue();
    }

    private (LinkSender Link, LinkReceiver Receiver) Open(LinkOptions options, int largestMessage = 100_000)
    {
        var link = NewLink(_there, 1, options);
        var receiver = new LinkReceiver(_peer, Deliver, new Durability(), _clock.Time, static _ => { })
        {
            LargestMessage = largestMessage,
            Sender = NewLink(_back, 1, new LinkOptions()),
        };
        return (link, receiver);
    }

    private LinkSender NewLink(Bus bus, ulong number, LinkOptions options) => new(bus, "d", number, options, _clock.Time);

    private long Deliver(in PeerMessage message, FlushSet flushes)
    {
        _got.Add(Encoding.UTF8.GetString(message.Payload));
        _addressees.Add(message.Addressees);
        return 0;
    }

    private static void Send(LinkSender link, string text) => Send(link, QualityOfService.AtLeastOnce, text);

    private static void Send(LinkSender link, QualityOfService qos, params string[] texts) => Send(link, qos, Audience.All, texts);

    private static void Send(LinkSender link, QualityOfService qos, Audience audience, params string[] texts)
    {
        var account = new AccountTable(QuotaOptions.Whole).OfBroker;
        foreach (var text in texts)
        {
            var message = new Publication
            {
                Topic = new Topic("t"u8.ToArray(), isListed: false, 0),
                Payload = Encoding.UTF8.GetBytes(text),
                QoS = qos,
                Account = account,
            };
            link.TryAdd(ref message, qos, audience, new FlushSet()).ShouldBeTrue();
        }

        link.Flush(inline: false);
    }

    /// <summary>What is under way comes, in both directions.</summary>
    private void Carry(LinkSender link, LinkReceiver receiver, int atMost = int.MaxValue)
    {
        for (; atMost > 0 && _there.TryTake(out var frame); atMost--)
        {
            receiver.Receive(frame);
        }

        while (_back.TryTake(out var frame))
        {
            FrameHeader.TryRead(frame, out var header).ShouldBeTrue();
            link.OnAcknowledged(header, frame.AsSpan(FrameHeader.Size));
        }
    }

    /// <summary>Takes small frames, and as many as it is told.</summary>
    private sealed class Bus : IBus
    {
        public event Action<string?>? ConnectionChanged
        {
            add { }
            remove { }
        }

        /// <summary>What is under way.</summary>
        public List<byte[]> Frames { get; } = [];

        /// <summary>The numbers of all frames of QoS 1 and 2 that were taken.</summary>
        public List<long> Sent { get; } = [];

        /// <summary>How many are taken.</summary>
        public int Left { get; set; } = int.MaxValue;

        public bool IsConnected => true;

        public int LargestMessage => 1_000;

        public bool TryPublish(string subject, ReadOnlySpan<byte> data)
        {
            if (data.Length > LargestMessage || Left-- <= 0)
            {
                return false;
            }

            FrameHeader.TryRead(data, out var header).ShouldBeTrue();
            Frames.Add(data.ToArray());
            if (header.Kind is FrameKind.Sure or FrameKind.Part)
            {
                Sent.Add(header.Number);
            }

            return true;
        }

        public bool TryTake(out byte[] frame)
        {
            frame = Frames.FirstOrDefault() ?? [];
            if (Frames.Count > 0)
            {
                Frames.RemoveAt(0);
            }

            return frame.Length > 0;
        }

        public IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler) => throw new NotSupportedException();

        public Task RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
