using System.Runtime.CompilerServices;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>A node joins while a session moves between two others, and publishes for it.</summary>
public sealed class JoinDuringAMoveTests : IDisposable
{
    private static readonly ClusterOptions Options = new() { DeadAfter = TimeSpan.FromMinutes(30) };

    private readonly VirtualClock _clock = new();
    private readonly SimulatedEngine _engine;
    private readonly List<SimulatedNode> _nodes = [];

    public JoinDuringAMoveTests() => _engine = new SimulatedEngine(_clock, new Random(1));

    public void Dispose() => _nodes.ForEach(node => node.Dispose());

    // Nobody waits for its mark: it was not there when the move began, and whatever it publishes comes to both nodes.
    [Fact]
    public async Task Publish_OfANodeThatJoinsDuringAMove_ComesToTheSession()
    {
        var (first, second) = (Start("n1"), Start("n2"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        var client = new RoamingClient("c", QualityOfService.AtLeastOnce, static _ => { });
        await client.ConnectAsync(first);
        await HoldsAsync("it is connected", () => client.IsConnected);
        await client.SubscribeAsync("t");
        await HoldsAsync("it has subscribed", () => client.IsSubscribed);

        // The marks of the first node wait for something that is being published there.
        var underWay = UnderWay(Publisher(first.Broker));
        var begun = underWay.Begin();
        var claiming = second.Broker.Sessions.Fleet!.ClaimAsync(
            new AttachRequest("c", "alice", CleanStart: false, 1_000_000, [], []), TestContext.Current.CancellationToken);
        await HoldsAsync("its subscription has come", () => second.Broker.Tree.Count > 0);
        var then = _clock.Elapsed + TimeSpan.FromMilliseconds(300);
        await HoldsAsync("the marks are asked for", () => _clock.Elapsed > then);

        // The first node reads what the session has, and cannot send it.
        _engine.Cut("n1", "n2");
        underWay.End(begun);
        var third = Start("n3");
        await HoldsAsync("it has joined", () => third.Node.HasJoined);
        var publishing = third.PublishAsync("t", "1", QualityOfService.AtLeastOnce);
        await HoldsAsync("it is acknowledged", () => publishing.IsCompleted);
        claiming.IsCompleted.ShouldBeFalse();
        _engine.Heal();
        await HoldsAsync("the session has come", () => claiming.IsCompleted);

        using var claim = await claiming;
        claim.IsGranted.ShouldBeTrue(claim.Detail);
        var payloads = new List<string>();
        await foreach (var moved in second.Broker.Sessions.Find("c").ShouldNotBeNull().Deliveries.ExportAsync(
            TestContext.Current.CancellationToken))
        {
            payloads.Add(Encoding.UTF8.GetString(moved.Message.Message.Payload));
        }

        payloads.ShouldBe(["1"]);

        Task HoldsAsync(string what, Func<bool> condition) => Eventually.BecomesAsync(
            what,
            async () =>
            {
                _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
                await client.ReadAsync();
                return condition();
            },
            holds => holds);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_publisher")]
    private static extern ref ServerPublisher Publisher(MqttBroker broker);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_underWay")]
    private static extern ref WorkUnderWay UnderWay(ServerPublisher publisher);

    private SimulatedNode Start(string name)
    {
        _nodes.Add(new SimulatedNode(_clock, _engine, name, Options, store: new InMemoryStore()));
        return _nodes[^1];
    }
}
