using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>A node that starts does not know yet for whom messages are: until it does, it takes none.</summary>
public sealed class JoiningTests : IDisposable
{
    private static readonly ClusterOptions Options = new() { DeadAfter = TimeSpan.FromMinutes(30) };

    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly SimulatedNode _first;
    private readonly CancellationTokenSource _end = new();

    public JoiningTests()
    {
        _engine = new SimulatedEngine(_clock, new Random(1));
        _first = new SimulatedNode(_clock, _engine, "n1", Options);
        _clock.AdvanceBy(TimeSpan.FromSeconds(5));
    }

    public void Dispose()
    {
        _end.Cancel();
        _first.Dispose();
        _end.Dispose();
    }

    [Fact]
    public async Task Publish_BeforeTheNodeHasJoined_WaitsAndReachesTheOthers()
    {
        var subscriber = _first.Subscribe("t", out _);
        using var second = new SimulatedNode(_clock, _engine, "n2", Options);

        var publishing = second.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        publishing.IsCompleted.ShouldBeFalse();
        await Eventually.HoldsAsync("it is published", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return publishing.IsCompleted;
        });

        (await publishing).Refusal.ShouldBe(LocalRefusal.None);
        await Eventually.HoldsAsync("it came", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return subscriber.TryRead(out _);
        });
    }

    [Fact]
    public async Task Publish_TheEngineIsGoneAtTheStart_IsRefusedUntilTheNodeWaitsNoLonger()
    {
        using var second = new SimulatedNode(_clock, _engine, "n2", Options);
        _engine.SetConnected("n2", false);

        var refused = second.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        _clock.AdvanceBy(Options.TakeOverPatience);
        (await Eventually.CompletesAsync("it is refused", refused)).Refusal.ShouldBe(LocalRefusal.Joining);

        _clock.AdvanceBy(Options.JoinPatience);
        (await second.PublishAsync("t", "x", QualityOfService.AtLeastOnce)).Refusal.ShouldBe(LocalRefusal.None);
    }

    // The bus may take longer to connect than two heartbeats: the others have not been asked yet.
    [Fact]
    public void Node_ThatIsConnectedLate_HasNotJoinedBeforeItCanHaveHeardTheOthers()
    {
        _engine.MostDelay = TimeSpan.FromMilliseconds(300);
        using var second = new SimulatedNode(_clock, _engine, "n2", Options);
        _engine.SetConnected("n2", false);
        _clock.AdvanceBy(TimeSpan.FromSeconds(4));

        _engine.SetConnected("n2", true);
        _clock.AdvanceBy(Options.HeartbeatInterval);
        second.Node.HasJoined.ShouldBeFalse();

        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        second.Node.HasJoined.ShouldBeTrue();
        second.Node.Peers.ShouldBe(["n1"]);
    }

    [Fact]
    public async Task Connect_BeforeTheNodeHasJoined_WaitsForThatAndIsRefusedInTheEnd()
    {
        using var second = new SimulatedNode(_clock, _engine, "n2", Options);
        _engine.SetConnected("n2", false);

        var refused = second.Broker.Sessions.Fleet!.ClaimAsync(Request("c"), CancellationToken.None);
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        refused.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(Options.TakeOverPatience);
        (await Eventually.CompletesAsync("it is refused", refused)).Reason.ShouldBe(ReasonCode.ServerUnavailable);

        var granted = second.Broker.Sessions.Fleet!.ClaimAsync(Request("c"), CancellationToken.None);
        _engine.SetConnected("n2", true);
        await Eventually.HoldsAsync("it is answered", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
            return granted.IsCompleted;
        });
        using var claim = await granted;
        claim.IsGranted.ShouldBeTrue();
    }

    // The wills of those who were connected when the node was killed are due when it starts.
    [Fact]
    public async Task Will_ThatIsDueAtTheStart_ReachesTheOthers()
    {
        var subscriber = _first.Subscribe("will", out _);
        var store = new InMemoryStore();
        store.PutWill(new WillRecord(
            "c", "alice", MqttText.Encode("will"), "gone"u8.ToArray(), [], QualityOfService.AtLeastOnce, false, null, 0));

        using var second = new SimulatedNode(_clock, _engine, "n2", Options, store: store);
        var running = second.Broker.RunAsync(_end.Token);
        await Eventually.HoldsAsync("it came", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
            return subscriber.TryRead(out _);
        });
        await Eventually.HoldsAsync("it is over", () =>
        {
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
            return !store.Wills.Any();
        });
        await _end.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private static AttachRequest Request(string clientId) => new(clientId, "alice", true, 0, [], []);
}
