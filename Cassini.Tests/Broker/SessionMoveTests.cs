using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Mqtt;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

/// <summary>A session moves from one broker to another, while a third one publishes to both.</summary>
public class SessionMoveTests
{
    private readonly VirtualClock _clock = new();

    // Lanes bring what was published when they like, but in its order. Marks go as nodes send them.
    [Theory]
    [InlineData(1, 150)]
    public async Task Session_MovesInAnyOrderOfWhatComes_HasEachMessageOnceInItsOrder(int first, int count)
    {
        for (var seed = first; seed < first + count; seed++)
        {
            await MoveAsync(seed);
        }
    }

    [Fact]
    public async Task Session_Moved_HasWhatWasUnderWayWithQoS2()
    {
        await using var from = new BrokerRig();
        await using var to = new BrokerRig();
        var client = await from.ConnectAsync("c", change: BrokerRig.Lasting);
        await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        await client.SendAsync(client.Publish("t", "own", QualityOfService.ExactlyOnce, 77));
        var own = await client.ExpectPublishAsync("t", "own");
        await client.ExpectAckAsync(PacketType.PubRec, 77);
        await client.AckAsync(PacketType.PubRec, own.PacketId);
        await client.ExpectAckAsync(PacketType.PubRel, own.PacketId);

        var session = from.Broker.Sessions.Find("c").ShouldNotBeNull();
        (await from.Broker.Releasing.ReleaseAsync("c", "alice", false, static () => true, CancellationToken.None)).Outcome
            .ShouldBe(ReleaseOutcome.Leaving);
        await client.ExpectClosedAsync(ReasonCode.SessionTakenOver);
        var moved = session.Export();
        var arriving = to.Broker.Sessions.BeginArrival(moved).Session.ShouldNotBeNull();
        await foreach (var message in session.Deliveries.ExportAsync(TestContext.Current.CancellationToken))
        {
            arriving.TryImport(message).ShouldBeTrue();
        }

        to.Broker.Sessions.TryArrive(arriving, moved).ShouldBeTrue();
        var again = await to.ConnectAsync("c", change: BrokerRig.Lasting);
        await again.ExpectAckAsync(PacketType.PubRel, own.PacketId);
        await again.AckAsync(PacketType.PubComp, own.PacketId);
        await again.SendAsync(again.Publish("t", "own", QualityOfService.ExactlyOnce, 77));
        await again.ExpectAckAsync(PacketType.PubRec, 77);
        await again.ExpectNothingAsync();
        Durability.TakeNoted();
    }

    // The other node ends its session when it hears who has it: so that is said when it is durable, not before.
    [Fact]
    public async Task Arrived_IsNotSaidByTheTable()
    {
        await using var to = new BrokerRig();
        var fleet = new RecordingFleet();
        to.Broker.Sessions.Fleet = fleet;
        var moved = new MovedSession("c", "alice", 60, [], []);
        var arriving = to.Broker.Sessions.BeginArrival(moved).Session.ShouldNotBeNull();

        to.Broker.Sessions.TryArrive(arriving, moved).ShouldBeTrue();

        fleet.Held.ShouldBeEmpty();
        to.Broker.Sessions.Find("c").ShouldBe(arriving);
        Durability.TakeNoted();
    }

    // Whoever has it elsewhere has it since later: since its client came or went last here, and not since the restart.
    [Theory]
    [InlineData("connected", 0)]
    [InlineData("away", 10)]
    [InlineData("leaving", 0)]
    [InlineData("stays", 0)]
    [InlineData("unknown", null)]
    public async Task Restored_IsSaidSinceItsClientCameOrWent(string how, int? seconds)
    {
        await using var rig = new BrokerRig(store: new InMemoryStore { Time = how == "unknown" ? null : _clock.Time }, clock: _clock);
        var began = _clock.UtcNow;
        var client = await rig.OpenAsync("c", change: BrokerRig.Lasting);
        rig.Advance(10);
        switch (how)
        {
            case "away":
                await client.DisconnectAsync();
                break;
            case "leaving" or "stays":
                var released = await rig.Broker.Releasing.ReleaseAsync("c", "alice", false, static () => true, CancellationToken.None);
                rig.Advance(10);
                if (how == "stays")
                {
                    released.Session.ShouldNotBeNull().Stay();
                }

                break;
        }

        rig.Advance(10);
        await using var next = new BrokerRig(store: rig.Store.Copy(), clock: _clock);
        var fleet = new RecordingFleet();
        next.Broker.Sessions.Fleet = fleet;
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);

        fleet.Since.ShouldBe(seconds is { } after ? began + TimeSpan.FromSeconds(after) : DateTimeOffset.UnixEpoch);
    }

    // It is on this node later than on the one that it has come from, also when no client has connected yet.
    [Fact]
    public async Task Arrived_AndRestored_IsSaidSinceItCame()
    {
        await using var rig = new BrokerRig(store: new InMemoryStore { Time = _clock.Time }, clock: _clock);
        var moved = new MovedSession("c", "alice", 60, [], []);
        var arriving = rig.Broker.Sessions.BeginArrival(moved).Session.ShouldNotBeNull();
        rig.Advance(10);
        rig.Broker.Sessions.TryArrive(arriving, moved).ShouldBeTrue();
        var came = _clock.UtcNow;
        Durability.TakeNoted();

        rig.Advance(10);
        await using var next = new BrokerRig(store: rig.Store.Copy(), clock: _clock);
        var fleet = new RecordingFleet();
        next.Broker.Sessions.Fleet = fleet;
        await next.Broker.LoadAsync(TestContext.Current.CancellationToken);

        fleet.Since.ShouldBe(came);
    }

    // Nobody else could let it stay: its client would be refused until the node is restarted.
    [Fact]
    public async Task Release_ThatFails_LeavesTheSessionHere()
    {
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("c", change: BrokerRig.Lasting);
        rig.Events.Published = said => throw new InvalidOperationException($"a bug with {said}");

        await Should.ThrowAsync<InvalidOperationException>(
            () => rig.Broker.Releasing.ReleaseAsync("c", "alice", false, static () => true, CancellationToken.None));

        rig.Events.Published = null;
        rig.Broker.Sessions.Find("c").ShouldNotBeNull().IsLeaving.ShouldBeFalse();
        (await rig.ConnectAsync("c", change: BrokerRig.Lasting)).ShouldNotBeNull();
    }

    // The client is away and its session stays after all: its will is due when its delay is over.
    [Fact]
    public async Task Move_ThatFails_LeavesTheWill()
    {
        await using var rig = new BrokerRig();
        var watcher = await rig.ConnectAsync("w");
        await watcher.SubscribeAsync("wills", QualityOfService.AtMostOnce);
        await rig.ConnectAsync("c", change: connect => BrokerRig.WithWill(
            BrokerRig.Lasting(connect), qos: QualityOfService.AtMostOnce, delay: 10));
        var released = await rig.Broker.Releasing.ReleaseAsync("c", "alice", false, static () => true, CancellationToken.None);

        released.Session.ShouldNotBeNull().Stay();

        rig.Advance(11);
        await watcher.ExpectPublishAsync("wills", "gone");
    }

    [Fact]
    public void Parcel_WithSomethingTwice_IsNone()
    {
        var subscription = new SubscriptionRecord("t", QualityOfService.AtLeastOnce, false, false, []);
        foreach (var moved in (MovedSession[])
            [new("c", "alice", 60, [subscription, subscription], []), new("c", "alice", 60, [subscription], [7, 7])])
        {
            Should.Throw<InvalidDataException>(() => SessionParcel.ReadSession(ItemOf(SessionParcel.Write(moved))));
        }
    }

    private static async Task MoveAsync(int seed)
    {
        var random = new Random(seed);
        await using var from = new BrokerRig();
        await using var to = new BrokerRig();
        var peer = new ClusterPeer();
        var (toOld, toNew) = (new Lane(from, peer), new Lane(to, peer));
        var client = await from.ConnectAsync("c", change: BrokerRig.Lasting);
        await client.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        await client.DisconnectAsync();
        await client.ExpectEndAsync();
        var published = 0;
        Run(toBoth: random.Next(2) == 0, steps: random.Next(6));

        var session = from.Broker.Sessions.Find("c").ShouldNotBeNull();
        from.Broker.Sessions.TryLeave(session, static () => true, out _, out _).ShouldBeTrue();
        Run(toBoth: random.Next(2) == 0, steps: random.Next(6));

        var moved = SessionParcel.ReadSession(ItemOf(SessionParcel.Write(session.Export())));
        var arriving = to.Broker.Sessions.BeginArrival(moved).Session.ShouldNotBeNull();
        var isNewMarked = false;
        toNew.Marked = () =>
        {
            isNewMarked = true;
            arriving.Deliveries.OpenArrival(peer);
        };
        var isOldMarked = false;
        toOld.Marked = () => isOldMarked = true;
        Run(toBoth: random.Next(2) == 0, steps: random.Next(6));

        // From here on the third one knows the subscription on the new node.
        Run(toBoth: true, steps: random.Next(6));
        toNew.Mark();
        Run(toBoth: true, steps: random.Next(6));
        toOld.Mark();
        while (!isOldMarked)
        {
            Run(toBoth: true, steps: 1);
        }

        await foreach (var message in session.Deliveries.ExportAsync(TestContext.Current.CancellationToken))
        {
            var item = ItemOf(SessionParcel.Write(message, secondsLeft: null));
            arriving.TryImport(SessionParcel.ReadMessage(item, topic => to.Broker.Topics.Get(topic), _ => 0)).ShouldBeTrue();
            Run(toBoth: true, steps: random.Next(3));
        }

        while (!isNewMarked)
        {
            Run(toBoth: true, steps: 1);
        }

        to.Broker.Sessions.TryArrive(arriving, moved).ShouldBeTrue();
        await from.Broker.Releasing.EndMovedAsync(session);
        Run(toBoth: true, steps: random.Next(6));
        toOld.DeliverAll();
        toNew.DeliverAll();

        var again = await to.OpenAsync("c", change: BrokerRig.Lasting);
        again.Answer!.SessionPresent.ShouldBeTrue();
        for (var i = 0; i < published; i++)
        {
            (await again.Client.ExpectAsync<ReceivedPublish>()).Text.ShouldBe($"{i}", $"seed {seed}");
        }

        await again.Client.ExpectNothingAsync();
        from.Broker.Sessions.Find("c").ShouldBeNull();
        Durability.TakeNoted();

        void Run(bool toBoth, int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                switch (random.Next(3))
                {
                    case 0:
                        var message = (Payload: $"{published++}", Origin: MessageOrigin.Next());
                        toOld.Add(message);
                        if (toBoth)
                        {
                            toNew.Add(message);
                        }

                        break;
                    case 1:
                        toOld.DeliverNext();
                        break;
                    default:
                        toNew.DeliverNext();
                        break;
                }
            }
        }
    }

    private static ReadOnlyMemory<byte> ItemOf(byte[] parcel)
    {
        ReadOnlyMemory<byte> come = parcel;
        var item = SessionParcel.TryTake(ref come).ShouldNotBeNull();
        come.IsEmpty.ShouldBeTrue();
        return item;
    }

    /// <summary>Notes what the table of sessions says.</summary>
    private sealed class RecordingFleet : IFleetSessions
    {
        public List<string> Held { get; } = [];

        public DateTimeOffset Since { get; private set; }

        public bool HasJoined => true;

        public Task<bool> WhenJoinedAsync(CancellationToken cancellationToken) => Task.FromResult(true);

        public Task<SessionClaim> ClaimAsync(AttachRequest request, CancellationToken cancellationToken) =>
            Task.FromResult(new SessionClaim(ReasonCode.Success, "", static () => { }));

        public bool IsElsewhere(string clientId) => false;

        public void OnHeld(string clientId, string identity, HeldSession held, DateTimeOffset since)
        {
            Held.Add(clientId);
            Since = since;
        }

        public void OnServed(string clientId)
        {
        }

        public void OnEnded(string clientId)
        {
        }
    }

    /// <summary>What a peer has sent to a node.</summary>
    private sealed class Lane(BrokerRig to, ClusterPeer peer)
    {
        private readonly Queue<(string Payload, ulong Origin)?> _sent = [];

        /// <summary>What a mark does.</summary>
        public Action Marked { get; set; } = () => { };

        public void Add((string Payload, ulong Origin) message) => _sent.Enqueue(message);

        public void Mark() => _sent.Enqueue(null);

        public void DeliverAll()
        {
            while (_sent.Count > 0)
            {
                DeliverNext();
            }
        }

        public void DeliverNext()
        {
            if (!_sent.TryDequeue(out var next))
            {
                return;
            }

            if (next is not var (payload, origin))
            {
                Marked();
                return;
            }

            var flushes = new FlushSet();
            var message = new PeerMessage
            {
                Peer = peer,
                Topic = "t"u8,
                Payload = Encoding.UTF8.GetBytes(payload),
                QoS = QualityOfService.AtLeastOnce,
                Origin = origin,
            };
            to.Broker.Peers.Publish(message, flushes);
            flushes.Flush();
        }
    }
}
