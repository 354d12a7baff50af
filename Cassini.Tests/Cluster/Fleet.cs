using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Integration;

namespace Cassini.Tests.Cluster;

/// <summary>Brokers that are one fleet on real NATS servers. A machine without the program skips the test.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly List<RunningBroker> _nodes = [];
    private readonly List<RunningBroker> _lost = [];
    private readonly List<IAsyncDisposable> _clients = [];

    private Fleet(NatsServers nats) => Nats = nats;

    public NatsServers Nats { get; }

    public IReadOnlyList<RunningBroker> Nodes => _nodes;

    /// <summary>Starts a fleet, and waits until each node is ready and knows the others.</summary>
    /// <param name="count">How many nodes.</param>
    /// <param name="change">What is different from the defaults of a quick fleet.</param>
    /// <param name="servers">How many NATS servers there are. The nodes are on the first.</param>
    public static async Task<Fleet> StartAsync(
        int count = 3, Func<ClusterOptions, ClusterOptions>? change = null, int servers = 1)
    {
        var fleet = new Fleet(await NatsServers.StartAsync(servers));
        for (var i = 1; i <= count; i++)
        {
            await fleet.AddAsync($"n{i}", change);
        }

        await fleet.IsWholeAsync();
        return fleet;
    }

    /// <summary>Starts one more node.</summary>
    public async Task<RunningBroker> AddAsync(string name, Func<ClusterOptions, ClusterOptions>? change = null)
    {
        // On a busy machine nobody is given up, and no answer leaves early, because a process got no time.
        var cluster = new ClusterOptions
        {
            Servers = [Nats.Addresses[0]],
            Node = name,
            HeartbeatInterval = TimeSpan.FromMilliseconds(100),
            DeadAfter = TimeSpan.FromMinutes(2),
            SubscribePatience = TimeSpan.FromMinutes(1),
        };
        var node = await RunningBroker.ServingMqttAsync(options => options with { Cluster = change?.Invoke(cluster) ?? cluster });
        _nodes.Add(node);
        return node;
    }

    /// <summary>
    /// Loses a node that is alone on the second server: what the others see is a machine without power. It is none of <see cref="Nodes"/>
    /// any more.
    /// </summary>
    public async Task LoseAsync(RunningBroker node)
    {
        await Nats.KillAsync(1);
        _nodes.Remove(node);
        _lost.Add(node);
    }

    /// <summary>Waits until each node is ready, and has nothing to say against the fleet.</summary>
    public Task IsWholeAsync() => Task.WhenAll(_nodes.Select(node => node.BecomesAsync(
        "the fleet is whole",
        snapshot => snapshot.Ready && snapshot.Checks.Single(check => check.Name == CheckNames.Cluster).Status == HealthStatus.Ok
            && PeersOf(node) == _nodes.Count - 1)));

    /// <summary>A client of a node.</summary>
    public async Task<MqttTestClient> ConnectAsync(int node, string clientId)
    {
        var client = new MqttTestClient(await _nodes[node].ConnectAsync(), ProtocolVersion.V500);
        _clients.Add(client);
        await client.ConnectAsync(client.Connect(clientId));
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Task.WhenAll(_nodes.Concat(_lost).Select(node => node.DisposeAsync().AsTask()));
        await Nats.DisposeAsync();
    }

    private static int PeersOf(RunningBroker node) => node.Events().Aggregate(0, (count, envelope) => envelope.Event switch
    {
        PeerJoined => count + 1,
        PeerLost or PeerLeft => count - 1,
        _ => count,
    });
}
