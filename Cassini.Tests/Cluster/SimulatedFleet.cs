using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Three nodes in virtual time, on a network that delays, loses, repeats and cuts. A schedule does to them what the random numbers of its
/// seed say, and checks what must hold.
/// </summary>
internal sealed class SimulatedFleet
{
    private readonly int _seed;
    private readonly SimulatedNode?[] _nodes = new SimulatedNode?[3];

    /// <param name="seed">The seed of the schedule.</param>
    /// <param name="network">What happens to messages; null when that comes from the numbers of the schedule.</param>
    public SimulatedFleet(int seed, Random? network = null)
    {
        _seed = seed;
        Random = new Random(seed);
        Engine = new SimulatedEngine(Clock, network ?? Random);
    }

    /// <summary>The batches of a schedule, each of some seeds.</summary>
    public static TheoryData<int> Batches => [.. Enumerable.Range(0, 10)];

    /// <summary>Whether it was said how many seeds a batch has.</summary>
    public static bool IsLong => NumberOf("FLEET_COUNT") is not null;

    public VirtualClock Clock { get; } = new();

    public Random Random { get; }

    public SimulatedEngine Engine { get; }

    /// <summary>How many nodes there are, with those that were killed.</summary>
    public int Size => _nodes.Length;

    /// <summary>The nodes that were not killed.</summary>
    public IEnumerable<SimulatedNode> Live => _nodes.OfType<SimulatedNode>();

    /// <summary>The step of the schedule, for people.</summary>
    public int Step { get; set; }

    /// <summary>A node that was not killed.</summary>
    public SimulatedNode this[int index] => _nodes[index].ShouldNotBeNull();

    /// <summary>
    /// Runs the schedules of a batch. <c>FLEET_SEED</c> has the schedule of that seed run instead, and <c>FLEET_COUNT</c> so many in each
    /// batch.
    /// </summary>
    /// <param name="batch">The number of the batch.</param>
    /// <param name="count">How many seeds it has.</param>
    /// <param name="runAsync">Runs the schedule of a seed.</param>
    public static async Task RunAsync(int batch, int count, Func<int, Task> runAsync)
    {
        var given = NumberOf("FLEET_SEED");
        count = NumberOf("FLEET_COUNT") ?? count;
        for (var i = 0; i < count; i++)
        {
            await runAsync(given ?? (batch * count) + i);
        }
    }

    /// <summary>Any one of the nodes, of which none was killed.</summary>
    public SimulatedNode Any() => this[Random.Next(Size)];

    /// <summary>Starts a node, for the first time or after it was killed.</summary>
    public SimulatedNode Start(int index, ClusterOptions options, IBrokerStore? store = null, BrokerOptions? broker = null) =>
        _nodes[index] = new SimulatedNode(Clock, Engine, $"n{index + 1}", options, store: store, broker: broker);

    /// <summary>The process of a node is killed: nobody hears of it. What it still does until it is disposed of reaches nobody.</summary>
    public SimulatedNode Kill(int index)
    {
        var killed = this[index];
        Engine.Kill(killed.Name);
        _nodes[index] = null;
        return killed;
    }

    /// <summary>Starts all nodes, and waits until they have found each other.</summary>
    public void StartAll(ClusterOptions options, IReadOnlyList<IBrokerStore>? stores = null)
    {
        for (var i = 0; i < Size; i++)
        {
            Start(i, options, stores?[i]);
        }

        Clock.AdvanceBy(TimeSpan.FromSeconds(5));
        CheckWhole();
    }

    /// <summary>All that were started have found each other.</summary>
    public void CheckWhole() => Live.ShouldAllBe(
        node => node.Node.HasJoined && node.Node.Peers.Length == Size - 1, Said("the fleet is whole"));

    /// <summary>Time passes.</summary>
    /// <param name="most">At most so many milliseconds.</param>
    public void AdvanceSome(int most) => Clock.AdvanceBy(TimeSpan.FromMilliseconds(Random.Next(1, most)));

    /// <summary>Nothing comes through from a node to any one of them.</summary>
    public void Cut(SimulatedNode node) => Engine.Cut(node.Name, Any().Name);

    /// <summary>The connections of a node are lost, or back.</summary>
    public void ConnectOrNot(SimulatedNode node) => Engine.SetConnected(node.Name, Random.Next(2) == 0);

    /// <summary>From now on the network loses, repeats and delays otherwise.</summary>
    /// <param name="losses">It loses less than ten times so many of a hundred messages.</param>
    public void Disturb(int losses = 4)
    {
        (Engine.Loss, Engine.Twice) = (Random.Next(losses) * 10, Random.Next(3) * 10);
        Engine.MostDelay = TimeSpan.FromMilliseconds(1 + Random.Next(200));
    }

    /// <summary>The network is whole, and loses and repeats nothing.</summary>
    public void Calm()
    {
        Engine.Heal();
        (Engine.Loss, Engine.Twice) = (0, 0);
        foreach (var node in Live)
        {
            Engine.SetConnected(node.Name, true);
        }
    }

    /// <summary>The network is calm for half a minute.</summary>
    /// <param name="then">Runs again and again.</param>
    public void CalmDown(Action then)
    {
        Calm();
        for (var i = 0; i < 60; i++)
        {
            Clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
            then();
        }
    }

    /// <summary>A message with the seed and the step, with which the schedule can be run again.</summary>
    public string Said(string what) => $"FLEET_SEED={_seed}: {what} (step {Step})";

    /// <summary>All nodes stop.</summary>
    public void Stop()
    {
        foreach (var node in Live)
        {
            node.Dispose();
        }
    }

    private static int? NumberOf(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : null;
}
