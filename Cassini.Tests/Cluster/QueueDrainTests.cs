using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>What was kept for a peer, while it is lost and when it is back.</summary>
public class QueueDrainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // The store fails after the first message, which must leave all the same, and not once more when the store can be read again.
    [Fact]
    public async Task Drain_WhoseStoreCannotBeReadForAWhile_SendsEachMessageOnce()
    {
        await using var rig = new BrokerRig(
            options => options with { MaxQueuedInMemory = 1 }, new InMemoryStore { GivesBack = true });
        var (peer, bus, link) = Lost(rig);
        Enumerable.Range(0, 5).ToList().ForEach(i => Send(rig, peer, $"{i}"));
        peer.Connect(link);
        var mayRead = false;
        rig.Store.Reading = () =>
        {
            if (!Volatile.Read(ref mayRead))
            {
                throw new IOException("it cannot be read");
            }
        };

        var draining = new QueueDrain(rig.Clock.Time).RunAsync(peer, link, _ => { }, Token);
        await Eventually.HoldsAsync("what was read is sent", () => bus.Sent(peer).Count == 1);
        bus.Acknowledge(link);
        Volatile.Write(ref mayRead, true);
        await Eventually.HoldsAsync("the rest is sent", () =>
        {
            rig.Advance(1);
            return bus.Sent(peer).Count >= 5;
        });
        bus.Acknowledge(link);

        (await Eventually.CompletesAsync("all of it is sent", draining)).ShouldBeTrue();
        bus.Sent(peer).ShouldBe(["0", "1", "2", "3", "4"]);
        peer.Queue.ShouldBeNull();
    }

    // The drain of a link that is over must not open the gate for the next one, nor one whose peer is lost again.
    [Fact]
    public async Task Gate_IsOpenedOnlyForTheLinkThatIsThere()
    {
        await using var rig = new BrokerRig();
        var (peer, _, first) = Lost(rig);
        var second = new LinkSender(new RecordingBus(), "d", 2, new LinkOptions(), rig.Clock.Time);
        peer.Connect(first);
        peer.Lose(peer.Queue, rig.Broker.Topics, rig.Clock.Time);
        peer.TryOpen(first).ShouldBeFalse("it is lost");
        peer.Connect(second);

        peer.TryOpen(first).ShouldBeFalse("that is another link");
        peer.Queue.ShouldNotBeNull();
        peer.TryOpen(second).ShouldBeTrue();
    }

    // Nothing is sent for them, so nothing is acknowledged.
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Drain_WhoseLastMessagesHaveExpired_Ends(int others)
    {
        await using var rig = new BrokerRig();
        var (peer, bus, link) = Lost(rig);
        Enumerable.Range(0, others).ToList().ForEach(i => Send(rig, peer, $"{i}"));
        Enumerable.Range(0, 3).ToList().ForEach(_ => Send(rig, peer, "expired", expiry: 1));
        rig.Advance(10);
        peer.Connect(link);

        var draining = new QueueDrain(rig.Clock.Time).RunAsync(peer, link, _ => { }, Token);
        await Eventually.HoldsAsync("what has not expired is sent", () => bus.Sent(peer).Count == others);
        if (others > 0)
        {
            bus.Acknowledge(link);
        }

        try
        {
            (await Eventually.CompletesAsync("all of it is sent", draining)).ShouldBeTrue();
        }
        finally
        {
            link.End(static (_, _) => { });
        }

        peer.Queue.ShouldBeNull();
    }

    // While the older half is stored there, the newer one comes.
    [Fact]
    public async Task Drain_OfMany_SendsAWindowAhead()
    {
        await using var rig = new BrokerRig();
        var (peer, bus, link) = Lost(rig);
        Enumerable.Range(0, 2_000).ToList().ForEach(i => Send(rig, peer, $"{i}"));
        peer.Connect(link);

        var draining = new QueueDrain(rig.Clock.Time).RunAsync(peer, link, _ => { }, Token);
        await Eventually.HoldsAsync("a window is sent", () => bus.Sent(peer).Count >= 1_024);
        bus.Sent(peer).Count.ShouldBe(1_024);
        await Eventually.HoldsAsync("the rest is sent", () =>
        {
            bus.Acknowledge(link);
            return draining.IsCompleted;
        });

        (await draining).ShouldBeTrue();
        bus.Sent(peer).ShouldBe(Enumerable.Range(0, 2_000).Select(i => $"{i}"));
    }

    // Few large messages are a window too: no more is on the link than publishers may have there.
    [Fact]
    public async Task Drain_OfLargeMessages_WaitsForRoom()
    {
        await using var rig = new BrokerRig();
        var (peer, bus, _) = Lost(rig);
        var link = new LinkSender(bus, "d", 1, new LinkOptions { MostKept = 50_000, FrameSize = 1_000 }, rig.Clock.Time);
        Enumerable.Range(0, 20).ToList().ForEach(i => Send(rig, peer, $"{i}".PadRight(10_000)));
        peer.Connect(link);

        var draining = new QueueDrain(rig.Clock.Time).RunAsync(peer, link, _ => { }, Token);
        await Eventually.HoldsAsync("some are sent", () => bus.Sent(peer).Count >= 5);
        await Eventually.HoldsAsync("it waits for room", () => link.Acknowledged.Waiting > 0);
        bus.Sent(peer).Count.ShouldBeLessThan(10);
        await Eventually.HoldsAsync("the rest is sent", () =>
        {
            bus.Acknowledge(link);
            return draining.IsCompleted;
        });

        bus.Sent(peer).Count.ShouldBe(20);
    }

    // A session there subscribes to another topic before what is kept was sent: that is the newest that is kept when it is lost again.
    [Fact]
    public async Task Settle_WithSomethingNewerThanWhatWaits_KeepsWhatWasNotSent()
    {
        await using var rig = new BrokerRig();
        var (peer, _, link) = Lost(rig);
        Enumerable.Range(0, 5).ToList().ForEach(i => Send(rig, peer, $"{i}"));
        peer.Connect(link);
        Send(rig, peer, "new 1", topic: "u");
        Send(rig, peer, "new 2", topic: "u");
        peer.Lose(rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("t", "u"), []), rig.Broker.Topics, rig.Clock.Time);
        peer.Unsettled.ShouldBe(link.Number);

        peer.Settle(link.Number, 2);

        (await KeptAsync(peer)).ShouldBe(["0", "1", "2", "3", "4"]);
        peer.Unsettled.ShouldBeNull();
    }

    // It is lost twice before it says how far it got: each link has its own frames.
    [Fact]
    public async Task Settle_OfTwoLinks_TakesEachByItsOwnFrames()
    {
        await using var rig = new BrokerRig();
        var (peer, bus, first) = Lost(rig);
        var second = new LinkSender(bus, "d", 2, new LinkOptions(), rig.Clock.Time);
        peer.Connect(first);
        Send(rig, peer, "1", topic: "u");
        Send(rig, peer, "2", topic: "u");
        peer.Lose(rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("u"), []), rig.Broker.Topics, rig.Clock.Time);
        peer.Connect(second);
        Send(rig, peer, "3", topic: "v");
        Send(rig, peer, "4", topic: "v");
        peer.Lose(rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("v"), []), rig.Broker.Topics, rig.Clock.Time);

        peer.Unsettled.ShouldBe(first.Number);
        peer.Settle(first.Number, 1);
        peer.Unsettled.ShouldBe(second.Number);
        peer.Settle(second.Number, 2);

        (await KeptAsync(peer)).ShouldBe(["2"]);
        peer.Unsettled.ShouldBeNull();
    }

    // What it says of the first link may come when another is there already and is lost again.
    [Fact]
    public async Task Unsettle_ForALinkThatIsOver_ForgetsNothing()
    {
        await using var rig = new BrokerRig();
        var (peer, _, link) = Lost(rig);
        peer.Connect(link);
        Send(rig, peer, "new", topic: "u");
        peer.Lose(rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("u"), []), rig.Broker.Topics, rig.Clock.Time);

        peer.Unsettle(link);

        peer.Unsettled.ShouldBe(link.Number);
    }

    [Fact]
    public async Task Drain_ThatIsCancelled_AsksNoMoreAndForgetsNothing()
    {
        await using var rig = new BrokerRig();
        var (peer, bus, link) = Lost(rig);
        peer.Connect(link);
        Send(rig, peer, "new", topic: "u");
        peer.Lose(rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("u"), []), rig.Broker.Topics, rig.Clock.Time);
        var next = new LinkSender(bus, "d", 2, new LinkOptions(), rig.Clock.Time);
        peer.Connect(next);
        var asked = 0;

        var draining = new QueueDrain(rig.Clock.Time).RunAsync(peer, next, _ => asked++, new CancellationToken(canceled: true));

        (await Eventually.CompletesAsync("it ends", draining)).ShouldBeFalse();
        asked.ShouldBe(1);
        peer.Unsettled.ShouldBe(link.Number);
    }

    // They have moved from another node. The peer is lost while they are sent what is kept for that, and says what it has got of it.
    [Fact]
    public async Task Pass_OnTheNextLink_GoesOnAfterWhatThePeerHas()
    {
        await using var rig = new BrokerRig();
        var (before, _, _) = Lost(rig);
        Enumerable.Range(0, 5).ToList().ForEach(i => Send(rig, before, $"{i}"));
        var moved = new MovedClients(before.Queue.ShouldNotBeNull(), [1], peersQueue: null);
        moved.Begin();
        var peer = new ClusterPeer();
        var drain = new QueueDrain(rig.Clock.Time);
        var (first, second) = (new RecordingBus(), new RecordingBus());
        var oneEach = new LinkOptions { FrameSize = 1 };
        var link = new LinkSender(first, "d", 1, oneEach, rig.Clock.Time);
        peer.Connect(link);
        var passing = drain.PassAsync(peer, link, moved, _ => { }, Token);
        await Eventually.HoldsAsync("all are sent", () => first.Sent(peer).Count == 5 && link.Acknowledged.Waiting > 0);
        peer.Lose(null, rig.Broker.Topics, rig.Clock.Time);
        link.Release();
        (await Eventually.CompletesAsync("the link is over", passing)).ShouldBeFalse();

        var next = new LinkSender(second, "d", 2, oneEach, rig.Clock.Time);
        peer.Connect(next);
        passing = drain.PassAsync(peer, next, moved, over => peer.Settle(over, received: 3), Token);
        await Eventually.HoldsAsync("the rest is sent", () => second.Sent(peer).Count > 0 && next.Acknowledged.Waiting > 0);
        second.Acknowledge(next);

        (await Eventually.CompletesAsync("all of it has come", passing)).ShouldBeTrue();
        second.Sent(peer).ShouldBe(["2", "3", "4"], "the first frame names the clients");
    }

    // A message of an operator's removal is none, and what was retained is told as such when it comes.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Queue_OfAPeer_HasWhatWasPublishedWithItsFlag(bool wasOnTheLink)
    {
        await using var rig = new BrokerRig();
        var (peer, _, link) = Lost(rig);
        var queue = peer.Queue.ShouldNotBeNull();
        if (wasOnTheLink)
        {
            peer.Connect(link);
            peer.TryOpen(link).ShouldBeTrue();
        }

        var stamp = new RetainedStamp(5, 1);
        Send(rig, peer, "removed", new RetainedChange(stamp, "", null, IsSilent: true));
        Send(rig, peer, "retained", new RetainedChange(stamp, "alice", null));
        if (wasOnTheLink)
        {
            peer.Lose(queue, rig.Broker.Topics, rig.Clock.Time);
        }

        var kept = new List<(string, bool)>();
        await foreach (var moved in queue.ReadAsync(Token))
        {
            kept.Add((Encoding.UTF8.GetString(moved.Message.Message.Payload), moved.Message.Message.Retain));
        }

        kept.ShouldBe([("retained", true)]);
    }

    private static (ClusterPeer Peer, RecordingBus Bus, LinkSender Link) Lost(BrokerRig rig)
    {
        var bus = new RecordingBus();
        var peer = new ClusterPeer();
        peer.Lose(rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of("t"), []), rig.Broker.Topics, rig.Clock.Time);
        return (peer, bus, new LinkSender(bus, "d", 1, new LinkOptions(), rig.Clock.Time));
    }

    private static async Task<List<string>> KeptAsync(ClusterPeer peer)
    {
        var kept = new List<string>();
        await foreach (var moved in peer.Queue!.ReadAsync(Token))
        {
            kept.Add(Encoding.UTF8.GetString(moved.Message.Message.Payload));
        }

        return kept;
    }

    private static void Send(
        BrokerRig rig, ClusterPeer peer, string text, RetainedChange? change = null, uint? expiry = null, string topic = "t")
    {
        var flushes = new FlushSet();
        var message = new Publication
        {
            Topic = rig.Broker.Topics.Get(Encoding.UTF8.GetBytes(topic)),
            Payload = Encoding.UTF8.GetBytes(text),
            QoS = QualityOfService.AtLeastOnce,
            Retain = change is not null,
            Change = change,
            Expiry = expiry,
            Account = rig.Accounts.OfBroker,
            ReceivedAt = rig.Clock.Time.GetTimestamp(),
        };
        peer.Send(ref message, QualityOfService.AtLeastOnce, flushes);
        flushes.Flush();
    }

    /// <summary>Keeps what is sent on a link.</summary>
    private sealed class RecordingBus : IBus
    {
        private readonly Lock _lock = new();
        private readonly SortedList<long, byte[]> _frames = [];

        public event Action<string?>? ConnectionChanged
        {
            add { }
            remove { }
        }

        public bool IsConnected => true;

        public int LargestMessage => 1024 * 1024;

        public bool TryPublish(string subject, ReadOnlySpan<byte> data)
        {
            lock (_lock)
            {
                if (FrameHeader.TryRead(data, out var header) && header.Kind == FrameKind.Sure)
                {
                    _frames[header.Number] = data[FrameHeader.Size..].ToArray();
                }
            }

            return true;
        }

        public IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler) => throw new NotSupportedException();

        public Task RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        /// <summary>The messages in the frames of QoS 1 and 2.</summary>
        public List<string> Sent(ClusterPeer peer)
        {
            var sent = new List<string>();
            lock (_lock)
            {
                foreach (var frame in _frames.Values)
                {
                    ReadOnlySpan<byte> body = frame;
                    while (FrameRecord.TryRead(ref body, peer, out var message))
                    {
                        sent.Add(Encoding.UTF8.GetString(message.Payload));
                    }
                }
            }

            return sent;
        }

        /// <summary>The peer has all of it.</summary>
        public void Acknowledge(LinkSender link)
        {
            long last;
            lock (_lock)
            {
                last = _frames.Keys[^1];
            }

            link.OnAcknowledged(new FrameHeader(FrameKind.Acknowledgement, 9, link.Number, 0, last, 0));
        }
    }
}
