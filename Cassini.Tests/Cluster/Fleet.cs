using Cassini.Streams.Cluster;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Store;
using Cassini.Tests.Broker;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>Brokers that are one fleet on real NATS servers. A machine without the program skips the test.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly List<RunningBroker> _nodes = [];
    private readonly List<RunningBroker> _lost = [];
    private readonly List<IAsyncDisposable> _clients = [];
    private readonly List<TempDirectory> _data = [];
    private readonly List<(string Name, string? Directory, Func<ClusterOptions, ClusterOptions>? Change)> _started = [];
    private readonly Func<ClusterOptions, ClusterOptions>? _change;
    private readonly bool _isStored;

    private Fleet(NatsServers nats, Func<ClusterOptions, ClusterOptions>? change, bool isStored) =>
        (Nats, _change, _isStored) = (nats, change, isStored);

    public NatsServers Nats { get; }

    public IReadOnlyList<RunningBroker> Nodes => _nodes;

    /// <summary>Starts a fleet, and waits until each node is ready and knows the others.</summary>
    /// <param name="count">How many nodes.</param>
    /// <param name="change">What is different from the defaults of a quick fleet.</param>
    /// <param name="isStored">Whether each node has a store, which outlives it.</param>
    /// <param name="servers">How many NATS servers there are. The nodes are on the first.</param>
    /// <param name="more">More settings of the servers.</param>
    public static async Task<Fleet> StartAsync(
        int count = 3, Func<ClusterOptions, ClusterOptions>? change = null, bool isStored = false, int servers = 1, string more = "")
    {
        var fleet = new Fleet(await NatsServers.StartAsync(servers, more: more), change, isStored);
        for (var i = 1; i <= count; i++)
        {
            await fleet.AddAsync();
        }

        await fleet.IsWholeAsync();
        return fleet;
    }

    /// <summary>Starts one more node: n1, n2, and so on.</summary>
    public Task<RunningBroker> AddAsync() => AddAsync($"n{_nodes.Count + 1}");

    /// <summary>Starts one more node.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="directory">Its store; null for one of its own, if this fleet has stores.</param>
    /// <param name="change">What is different from the defaults; null for what the others have.</param>
    public async Task<RunningBroker> AddAsync(
        string name, string? directory = null, Func<ClusterOptions, ClusterOptions>? change = null)
    {
        if (directory is null && _isStored)
        {
            _data.Add(new TempDirectory());
            directory = _data[^1].Path;
        }

        _started.Add((name, directory, change ?? _change));
        _nodes.Add(await StartAsync(_started[^1]));
        return _nodes[^1];
    }

    /// <summary>Stops a node gracefully. It is to be started again, or removed.</summary>
    public async Task StopAsync(int node)
    {
        await _nodes[node].Mqtt.DisposeAsync();
        await _nodes[node].DisposeAsync();
    }

    /// <summary>Starts a node that was stopped: another run, with what the one before has stored.</summary>
    public async Task StartAsync(int node) => _nodes[node] = await StartAsync(_started[node]);

    /// <summary>A node stops gracefully, and is none of the fleet any more.</summary>
    public async Task RemoveAsync(RunningBroker node)
    {
        var at = _nodes.IndexOf(node);
        await StopAsync(at);
        _nodes.RemoveAt(at);
        _started.RemoveAt(at);
    }

    private Task<RunningBroker> StartAsync((string Name, string? Directory, Func<ClusterOptions, ClusterOptions>? Change) node)
    {
        // On a busy machine nobody is given up, and no answer leaves early, because a process got no time.
        var cluster = new ClusterOptions
        {
            Servers = [Nats.Addresses[0]],
            Node = node.Name,
            HeartbeatInterval = TimeSpan.FromMilliseconds(100),
            DeadAfter = TimeSpan.FromMinutes(2),
            SubscribePatience = TimeSpan.FromMinutes(1),
        };
        return RunningBroker.ServingMqttAsync(options => options with
        {
            Cluster = node.Change?.Invoke(cluster) ?? cluster,
            Store = node.Directory is { } directory
                ? options.Store with { Level = StoreLevel.Process, Directory = directory }
                : options.Store,
        });
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

    /// <summary>A connection to a node that has not said yet who it is.</summary>
    public async Task<MqttTestClient> OpenAsync(int node, string identity = "alice")
    {
        var client = new MqttTestClient(await _nodes[node].ConnectAsync(identity), ProtocolVersion.V500);
        _clients.Add(client);
        return client;
    }

    /// <summary>A client of a node whose session outlives its connection.</summary>
    public async Task<(MqttTestClient Client, bool IsPresent)> ResumeAsync(int node, string clientId)
    {
        var client = await OpenAsync(node);
        return (client, (await client.ConnectAsync(Lasting(client, clientId))).SessionPresent);
    }

    /// <summary>What such a client says.</summary>
    public static ConnectPacket Lasting(MqttTestClient client, string clientId) => client.Connect(clientId) with
    {
        CleanStart = false,
        Properties = new PropertySet { SessionExpiryInterval = 3_600 },
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Task.WhenAll(_nodes.Concat(_lost).Select(node => node.DisposeAsync().AsTask()));
        await Nats.DisposeAsync();
        _data.ForEach(data => data.Dispose());
    }

    private static int PeersOf(RunningBroker node) => node.Events().Aggregate(0, (count, envelope) => envelope.Event switch
    {
        PeerJoined => count + 1,
        PeerLost or PeerLeft => count - 1,
        _ => count,
    });
}
