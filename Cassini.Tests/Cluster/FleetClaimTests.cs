using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>What a node does with what another one says of sessions; the other one says only what the test lets it say.</summary>
public sealed class FleetClaimTests : IDisposable
{
    private static readonly AttachRequest Request = new("c", "alice", CleanStart: false, 60, [], []);

    private readonly VirtualClock _clock = new();
    private readonly InMemoryStore _store = new();
    private readonly SimulatedEngine _engine;
    private readonly SimulatedNode _node;
    private readonly SaidNode _other;

    public FleetClaimTests()
    {
        _engine = new SimulatedEngine(_clock, new Random(1));
        _node = new SimulatedNode(_clock, _engine, "n1", new ClusterOptions(), store: _store);
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        _node.Node.HasJoined.ShouldBeTrue();
        _other = new SaidNode("n2", _engine.Connect("n2"), Epoch.StartingAt(_clock.UtcNow), _clock);
    }

    public void Dispose() => _node.Dispose();

    // It lives, and says neither which sessions it has nor that it has heard of this one.
    [Fact]
    public async Task Claim_WhileAPeerSaysNothing_IsBounded()
    {
        _other.Beat();
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        var claiming = ClaimAsync();

        (await claiming).IsGranted.ShouldBeTrue();
        _node.Events.Of<PeerLost>().ShouldBeEmpty();
    }

    // The client has connected elsewhere later, or another node has not heard yet that the session is here: it is not served meanwhile.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Claim_OfASessionThatIsHereAndClaimedElsewhere_IsRefused(bool isWantedLater)
    {
        Bring();
        var (stamp, phase) = isWantedLater ? (_clock.UtcNow.UtcTicks + 1, ClaimPhase.Wanted) : (1, ClaimPhase.Kept);
        _other.Tell([new ClientClaim(ClientHash.Of("c"), stamp, phase)]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        var claim = await ClaimAsync();

        claim.Reason.ShouldBe(ReasonCode.ServerBusy);
    }

    // It may have got it: the node that had it says already that it has it no more. A new one would be the later one, and stay.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Claim_OfASessionThatAnotherNodeTakesAndThatCannotBeAsked_IsRefusedUnlessItIsToBeNew(bool cleanStart)
    {
        _other.Tell([new ClientClaim(ClientHash.Of("c"), 1, ClaimPhase.Wanted)]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _engine.SetConnected("n1", false);

        var claiming = _node.Broker.Sessions.Fleet!.ClaimAsync(
            Request with { CleanStart = cleanStart }, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("there is an answer", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(200));
            return claiming.IsCompleted;
        });

        using var claim = await claiming;
        claim.Reason.ShouldBe(cleanStart ? ReasonCode.Success : ReasonCode.ServerBusy);
    }

    // A wish from before its client came: of a node that was given up, and was down meanwhile, it would undo what was served.
    [Fact]
    public async Task Session_WhoseClientHasComeSince_IsNotGivenToAnEarlierWish()
    {
        Bring();
        _other.Tell([]);
        var earlier = _clock.UtcNow.UtcTicks + 1;
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        var client = new RoamingClient("c", QualityOfService.AtLeastOnce, static _ => { });
        await client.ConnectAsync(_node);
        await Eventually.BecomesAsync(
            "it is connected",
            async () =>
            {
                _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
                _other.Beat();
                await client.ReadAsync();
                return client.IsConnected;
            },
            isConnected => isConnected);

        (await AskAsync(earlier)).ShouldBe(ReleaseOutcome.Busy);
        (await AskAsync(_clock.UtcNow.UtcTicks + 1)).ShouldBe(ReleaseOutcome.Leaving);
        await client.EndAsync();
    }

    // A node that has asked for it as well got it from the one that says now that it has none.
    [Theory]
    [InlineData(1, false, 0)]
    [InlineData(-1, true, 1)]
    public async Task Claim_WhileAnotherNodeTakesTheSession_IsRefusedOrAsksThatOne(int later, bool isGranted, int questions)
    {
        var third = new SaidNode("n3", _engine.Connect("n3"), Epoch.StartingAt(_clock.UtcNow), _clock);
        var client = ClientHash.Of("c");
        _other.Tell([new ClientClaim(client, 1, ClaimPhase.Kept)]);
        third.Tell([]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _other.Asked = asked =>
        {
            third.Claim([new ClientClaim(client, asked.Stamp + later, ClaimPhase.Kept)]);
            _other.Say(new SessionAnswered("n2", _other.Epoch, asked.Epoch, asked.Number, ReleaseOutcome.None));
        };
        var asked = 0;
        third.Asked = question =>
        {
            asked++;
            third.Say(new SessionAnswered("n3", third.Epoch, question.Epoch, question.Number, ReleaseOutcome.None));
        };

        using var claim = await ClaimAsync();

        claim.IsGranted.ShouldBe(isGranted, claim.Detail);
        asked.ShouldBe(questions);
    }

    // With a clean start as well: it would end the session of the other when its node is back.
    [Theory]
    [InlineData("alice", true)]
    [InlineData("bob", false)]
    public async Task Claim_WithACleanStartOfASessionOnANodeThatIsGone_IsOfItsIdentity(string identity, bool isGranted)
    {
        var kept = new ClientClaim(ClientHash.Of("c"), 1, ClaimPhase.Kept) { Owner = ClientHash.Of("alice") };
        _other.Tell([kept]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _other.Say(new Farewell("n2", _other.Epoch));
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));

        var claiming = _node.Broker.Sessions.Fleet!.ClaimAsync(
            Request with { Identity = identity, CleanStart = true }, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("it is answered", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return claiming.IsCompleted;
        });

        using var claim = await claiming;
        claim.Reason.ShouldBe(isGranted ? ReasonCode.Success : ReasonCode.NotAuthorized);
    }

    // Between the answer and the attaching it has moved away: one that is made anew would be the later one. Or it has expired.
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, true)]
    [InlineData(false, false, true)]
    public async Task Connect_WhoseSessionEndsBeforeItIsAttached_BeginsAnewUnlessItIsElsewhere(
        bool isElsewhere, bool cleanStart, bool isServed)
    {
        Bring();
        _other.Tell(isElsewhere ? [new ClientClaim(ClientHash.Of("c"), 1, ClaimPhase.Wanted)] : []);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        await using var connection = new RigConnection(
            _node.Broker, _node.Events, 1, ProtocolVersion.V500, _node.Accounts.Open("alice"), false, 64 * 1024, "memory");
        var connect = BrokerRig.WithWill(BrokerRig.Lasting(connection.Client.Connect("c")) with { CleanStart = cleanStart });
        var ended = 0;

        // The will is stored in between.
        _store.Committing = () => Interlocked.Exchange(ref ended, 1) == 0 ? _node.Broker.Releasing.EndAsync("c") : Task.CompletedTask;

        await connection.Client.SendAsync(ConnectWriter.Write(connect));
        object? answer = null;
        await Eventually.HoldsAsync("there is an answer", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
            return connection.Client.TryRead(out answer);
        });

        ended.ShouldBe(1);
        answer.ShouldBeOfType<ConnAckPacket>().Reason.ShouldBe(isServed ? ReasonCode.Success : ReasonCode.ServerBusy);
    }

    [Fact]
    public void Forget_ANodeThatIsLost_EndsWhatIsKeptForIt()
    {
        _other.Tell([], kept: ["t"]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _other.Say(new Farewell("n2", _other.Epoch));
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        _node.Broker.Sessions.FindQueue("n2").ShouldNotBeNull();

        _node.Node.ForgetLost("n2");

        _node.Broker.Sessions.FindQueue("n2").ShouldBeNull();
    }

    // What the peers have acknowledged is not kept for them, and nothing more comes.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stop_KeepsForAPeerWhatItHasNotAcknowledged(bool isAny)
    {
        _other.Tell([], kept: ["t"]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        if (isAny)
        {
            _ = _node.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        }

        _node.Dispose();

        (_node.Broker.Sessions.FindQueue("n2") is not null).ShouldBe(isAny);
    }

    // An answer may be lost, so it is given again; but not for long, because the next question is another one.
    [Fact]
    public async Task Answer_IsGivenAgainForTwoSeconds()
    {
        _other.Tell([]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await AskAsync()).ShouldBe(ReleaseOutcome.None);
        Bring();
        (await AskAsync()).ShouldBe(ReleaseOutcome.None);

        for (var i = 0; i < 8; i++)
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
            _other.Beat();
        }

        (await AskAsync()).ShouldBe(ReleaseOutcome.Leaving);
    }

    // Only the run that has asked for it can say that it has come: the session would be on no node.
    [Theory]
    [InlineData("n3")]
    [InlineData("n2")]
    public async Task Came_OfAnotherNodeOrRun_EndsNothing(string who)
    {
        Bring();
        _other.Tell([]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        (await AskAsync()).ShouldBe(ReleaseOutcome.Leaving);
        var stranger = Epoch.StartingAt(_clock.UtcNow - TimeSpan.FromMinutes(1)).ToString();

        _other.Say(new SessionCame(who, stranger, _other.OtherEpoch, 7, HasCome: true));
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));

        _node.Broker.Sessions.Find("c").ShouldNotBeNull().IsLeaving.ShouldBeTrue();
        _other.Say(new SessionCame("n2", _other.Epoch, _other.OtherEpoch, 7, HasCome: true));
        await Eventually.HoldsAsync("it is gone", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
            return _node.Broker.Sessions.Find("c") is null;
        });
    }

    // That there is none any more is for the node to say that has it: a new one would take its place.
    [Theory]
    [InlineData("n3", false)]
    [InlineData("n2", false)]
    [InlineData("n2", true)]
    public async Task Answer_OfAnotherNodeOrRun_IsNone(string who, bool isOfOwner)
    {
        _other.Tell([new ClientClaim(ClientHash.Of("c"), 1, ClaimPhase.Kept)]);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        var stranger = Epoch.StartingAt(_clock.UtcNow - TimeSpan.FromMinutes(1)).ToString();
        _other.Asked = asked => _other.Say(
            new SessionAnswered(who, isOfOwner ? _other.Epoch : stranger, asked.Epoch, asked.Number, ReleaseOutcome.None));

        var claim = await ClaimAsync();

        claim.IsGranted.ShouldBe(isOfOwner);
    }

    // What it does for the other node may change the store, which is closed after the node has stopped.
    [Fact]
    public async Task Stop_WhileASessionIsBeingGiven_WaitsForThat()
    {
        var (running, claim) = await StopWhileAskedAsync();
        running.IsCompleted.ShouldBeFalse();

        claim.Dispose();

        await Eventually.CompletesAsync("it has stopped", running);
    }

    // The process must end.
    [Fact]
    public async Task Stop_WhileASessionIsGivenWithoutAnEnd_WaitsForTwoSeconds()
    {
        var (running, claim) = await StopWhileAskedAsync();
        _clock.AdvanceBy(TimeSpan.FromSeconds(1.9));
        running.IsCompleted.ShouldBeFalse();

        _clock.AdvanceBy(TimeSpan.FromSeconds(0.1));

        await Eventually.CompletesAsync("it has stopped", running);
        claim.Dispose();
    }

    /// <summary>The node stops while another one asks for a session that a client of this one is about to have.</summary>
    /// <returns>The end of the node, and the claim of the client, for which the answer waits.</returns>
    private async Task<(Task Running, SessionClaim Claim)> StopWhileAskedAsync()
    {
        _other.Tell([]);
        using var stop = new CancellationTokenSource();
        var running = _node.Node.RunAsync(stop.Token);
        var claim = await ClaimAsync();
        claim.IsGranted.ShouldBeTrue();
        _other.Say(new SessionAsked(
            "n2", _other.Epoch, _other.OtherEpoch, 7, "c", "alice", CleanStart: false, _clock.UtcNow.UtcTicks + TimeSpan.TicksPerDay));
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
        _node.Node.Stop();
        var armed = _clock.Time.ArmedTimers;

        await stop.CancelAsync();
        await Eventually.HoldsAsync("it waits, or is over", () => running.IsCompleted || _clock.Time.ArmedTimers > armed);
        return (running, claim);
    }

    private async Task<ReleaseOutcome> AskAsync(long? stamp = null)
    {
        var before = _other.Answers.Count;
        _other.Say(new SessionAsked(
            "n2", _other.Epoch, _other.OtherEpoch, stamp is null ? 7 : (ulong)stamp, "c", "alice", CleanStart: false,
            stamp ?? _clock.UtcNow.UtcTicks + TimeSpan.TicksPerDay));
        await Eventually.HoldsAsync("it is answered", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
            return _other.Answers.Count > before;
        });
        return _other.Answers[^1];
    }

    /// <summary>The session is on the node.</summary>
    private void Bring()
    {
        var sessions = _node.Broker.Sessions;
        var moved = new MovedSession("c", "alice", 60, [], []);
        sessions.TryArrive(sessions.BeginArrival(moved).Session.ShouldNotBeNull(), moved).ShouldBeTrue();
        sessions.Fleet!.OnHeld("c", "alice", HeldSession.HasCome, _clock.UtcNow);
    }

    private async Task<SessionClaim> ClaimAsync()
    {
        var claiming = _node.Broker.Sessions.Fleet!.ClaimAsync(Request, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("there is an answer", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(200));
            _other.Beat();
            return claiming.IsCompleted;
        });
        return await claiming;
    }

    /// <summary>A node that says what the test wants.</summary>
    private sealed class SaidNode
    {
        private readonly IBus _bus;
        private readonly VirtualClock _clock;
        private long _version;

        private readonly string _name;

        public SaidNode(string name, IBus bus, Epoch epoch, VirtualClock clock)
        {
            (_name, _bus, _clock, Epoch) = (name, bus, clock, epoch.ToString());
            bus.Subscribe("cassini.main.c.all", Hear);
            bus.Subscribe($"cassini.main.c.node.{name}", Hear);
        }

        public string Epoch { get; }

        /// <summary>The run of the node that it hears.</summary>
        public string OtherEpoch { get; private set; } = "";

        public List<ReleaseOutcome> Answers { get; } = [];

        /// <summary>Called when it is asked for a session.</summary>
        public Action<SessionAsked> Asked { get; set; } = static _ => { };

        public void Beat() => Say(new Beat(_name, Epoch, _version, "same", _clock.UtcNow));

        /// <summary>It lives, has these sessions, and wants this.</summary>
        public void Tell(IEnumerable<ClientClaim> claims, IEnumerable<string>? kept = null)
        {
            Beat();
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
            Claim(claims, kept);
        }

        /// <summary>It has these sessions, and wants this.</summary>
        public void Claim(IEnumerable<ClientClaim> claims, IEnumerable<string>? kept = null) => Say(new InterestTold(
            _name, Epoch, 0, ++_version, 0, 1, [], [], [], [.. claims.Select(claim => $"{claim}")], [], [.. kept ?? []], []));

        public void Say(ControlMessage message) => _bus.TryPublish("cassini.main.c.all", message.ToBytes());

        private void Hear(ReadOnlyMemory<byte> bytes)
        {
            switch (ControlMessage.Read(bytes.Span))
            {
                case SessionAnswered answered:
                    Answers.Add(answered.Outcome);
                    break;
                case SessionAsked asked:
                    Asked(asked);
                    break;
                case { Node: "n1" } message:
                    OtherEpoch = message.Epoch;
                    break;
            }
        }
    }
}
