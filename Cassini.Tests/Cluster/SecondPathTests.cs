using System.Collections.Immutable;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Cluster;

/// <summary>What a node makes of what others say over HTTP, in virtual time.</summary>
public sealed class SecondPathTests : IDisposable
{
    private const string Own = "0000000000000001";
    private const string Other = "0000000000000002";
    private static readonly FleetIdentity Self = new("main", "n1", Own, VirtualClock.DefaultStart, TimeSpan.FromSeconds(10));

    private readonly VirtualClock _clock = new();
    private readonly VirtualTimeProvider _time;
    private readonly EventHub _hub;
    private readonly HealthProjection _health;
    private readonly FleetProjection _fleet;
    private readonly RecordingPublisher _events = new();
    private readonly ScriptedReader _reader = new();
    private readonly SecondPath _path;

    public SecondPathTests()
    {
        // Its own, so that only its timers are counted.
        _time = new VirtualTimeProvider(_clock.Scheduler);
        _hub = new EventHub(_clock.Time);
        _health = new HealthProjection(_hub, new HealthPolicy(), _clock.Scheduler, "1", NullLogger<HealthProjection>.Instance);
        _fleet = new FleetProjection(new ClusterOptions(), "n1", _hub, _health, _clock.Time);
        _fleet.Apply(new AddressesRemembered([new NodeAddress("n2", "http://n2:9090")]));
        _path = new SecondPath(_fleet, _reader, _events, _time, NullLogger.Instance);
    }

    public static TheoryData<bool?, FleetNodeState?, string, bool, PeerAnswer> Answers => new()
    {
        { true, FleetNodeState.Alive, Own, true, PeerAnswer.Hears },
        { true, FleetNodeState.Unknown, Own, true, PeerAnswer.Hears },
        { true, FleetNodeState.Suspect, Own, true, PeerAnswer.Serves },
        { true, FleetNodeState.Alive, Other, true, PeerAnswer.Serves },
        { true, null, Own, true, PeerAnswer.Serves },
        { true, null, Own, false, PeerAnswer.NotReady },
        { false, FleetNodeState.Unknown, Own, true, PeerAnswer.CutOff },
        { null, null, Own, true, PeerAnswer.CutOff },
    };

    public void Dispose()
    {
        _fleet.Dispose();
        _health.Dispose();
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Judge_ByTheBusAndByWhetherThisNodeIsHeard(
        bool? isConnected, FleetNodeState? ofThisNode, string epoch, bool isReady, PeerAnswer expected) =>
        SecondPath.Judge(Self, "n2", Snapshot(isConnected, ofThisNode, epoch, isReady)).ShouldBe(expected);

    [Fact]
    public void Judge_AnotherNodeOrAnotherFleet_IsNoAnswer()
    {
        var said = Snapshot(true, null, Own, true);

        SecondPath.Judge(Self, "n3", said).ShouldBeNull();
        SecondPath.Judge(Self, "n2", said with { Fleet = "other" }).ShouldBeNull();
        SecondPath.Judge(Self, "n2", said with { Nodes = [] }).ShouldBeNull();
    }

    [Fact]
    public async Task Answers_ArePublishedWhenTheyChange_AndEndWhenNoneComesForFiveSeconds()
    {
        using var stop = new CancellationTokenSource();
        _reader.Answer = Snapshot(true, null, Own, true);
        var running = _path.RunAsync(stop.Token);
        await RoundAsync(1);
        _events.Take().ShouldBe([new PeerSeen("n2", PeerAnswer.Serves)]);
        await RoundAsync(2);
        _events.Take().ShouldBeEmpty("it is no news");

        _reader.Answer = null;
        for (var round = 3; round <= 6; round++)
        {
            await RoundAsync(round);
        }

        _events.Take().ShouldBeEmpty("it may have been lost");
        await RoundAsync(7);
        _events.Take().ShouldBe([new PeerSeen("n2", PeerAnswer.None)]);

        _reader.Answer = Snapshot(false, null, Own, true);
        await RoundAsync(8);
        _events.Take().ShouldBe([new PeerSeen("n2", PeerAnswer.CutOff)]);
        await stop.CancelAsync();
        await Eventually.CompletesAsync("it ends", running);
    }

    [Fact]
    public async Task Answers_EndWhenTheNodeIsHeardOnTheBus_AndNobodyIsAsked()
    {
        using var stop = new CancellationTokenSource();
        _reader.Answer = Snapshot(true, null, Own, true);
        var running = _path.RunAsync(stop.Token);
        await RoundAsync(1);

        _fleet.Apply(new BusFound());
        _fleet.Apply(new NodeMet("n2", Other));
        _clock.AdvanceBy(SecondPath.Pause);
        await Eventually.BecomesAsync("it ends", () => _events.Events, events => events.Count == 2);
        _events.Events[1].ShouldBe(new PeerSeen("n2", PeerAnswer.None));
        _clock.AdvanceBy(TimeSpan.FromMinutes(1));
        _reader.Rounds.ShouldBe(1);

        _fleet.Apply(new NodeSuspected("n2"));
        await Eventually.HoldsAsync("it is asked at once", () => _reader.Rounds == 2);
        await stop.CancelAsync();
        await Eventually.CompletesAsync("it stops", running);
    }

    /// <summary>Lets the time pass until a round is over and the next one waits.</summary>
    private async Task RoundAsync(int round)
    {
        if (round > 1)
        {
            _clock.AdvanceBy(SecondPath.Pause);
        }

        await Eventually.HoldsAsync($"round {round}", () => _reader.Rounds == round && _time.ArmedTimers > 0);
    }

    private static FleetSnapshot Snapshot(bool? isConnected, FleetNodeState? ofThisNode, string epoch, bool isReady) => new()
    {
        Fleet = "main",
        Node = "n2",
        Epoch = Other,
        Revision = 1,
        AsOf = VirtualClock.DefaultStart,
        Status = HealthStatus.Ok,
        Ready = true,
        Connected = isConnected,
        Nodes =
        [
            .. ofThisNode is { } state ? [Node("n1", epoch, state, true)] : ImmutableArray<FleetNode>.Empty,
            Node("n2", Other, FleetNodeState.Self, isReady),
        ],
        Tombstones = [],
    };

    private static FleetNode Node(string name, string epoch, FleetNodeState state, bool isReady) => new()
    {
        Node = name,
        Epoch = epoch,
        State = state,
        Since = VirtualClock.DefaultStart,
        Heard = new NodeHeard(null, null),
        Snapshot = UnknownNode.Never with { Status = HealthStatus.Ok, Ready = isReady },
    };

    private sealed class ScriptedReader : IFleetReader
    {
        private int _rounds;

        public FleetSnapshot? Answer { get; set; }

        public int Rounds => Volatile.Read(ref _rounds);

        public Task<ImmutableArray<FleetAnswer>> AskAsync(ImmutableArray<NodeAddress> nodes, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _rounds);
            return Task.FromResult<ImmutableArray<FleetAnswer>>([.. nodes.Select(node => new FleetAnswer(node, Answer, "none"))]);
        }
    }
}
