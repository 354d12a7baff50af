using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Nats;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>A broker as a node of a fleet on NATS: the node, and the health of all.</summary>
internal sealed class FleetNode : IDisposable
{
    private readonly ClusterNode _node;
    private readonly FleetExchange _exchange;
    private readonly FleetFile _file;
    private readonly FleetTopics _topics;

    private readonly SecondPath _path;

    private FleetNode(
        ClusterNode node, FleetProjection health, FleetExchange exchange, FleetFile file, FleetTopics topics, SecondPath path)
    {
        _node = node;
        Health = health;
        _exchange = exchange;
        _file = file;
        _topics = topics;
        _path = path;
    }

    /// <summary>The health of all nodes.</summary>
    public FleetProjection Health { get; }

    /// <summary>Whether it hears other nodes.</summary>
    public bool HasPeers => !_node.Peers.IsEmpty;

    /// <summary>The node; null for a broker on its own.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="broker">The broker.</param>
    /// <param name="durability">How far its store is.</param>
    /// <param name="core">The events, and this node's own health.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="loggers">Where it logs.</param>
    public static FleetNode? Of(
        CassiniOptions options, MqttBroker broker, Durability durability, HealthCore core, TimeProvider time, ILoggerFactory loggers)
    {
        if (options.Cluster.Servers.IsDefaultOrEmpty)
        {
            return null;
        }

        var name = ClusterSettings.NodeOf(options.Cluster);
        var node = new ClusterNode(
            options.Cluster, name, core.Hub.Epoch, DigestOf(broker), broker, durability, BusOf("control"),
            BusOf("data"), core.Hub, time);
        var health = new FleetProjection(options.Cluster, name, core.Hub, core.Health, time)
        {
            Links = () => node.Links,
            Queues = () => broker.Sessions.Queues.Count(queue => queue.Session.KeepsMessages),
        };
        return new FleetNode(
            node, health, new FleetExchange(node.Bus, health, node.ForgetLost, time),
            new FleetFile(options.Cluster.Directory, health, loggers.CreateLogger<FleetFile>()), new FleetTopics(health, broker),
            new SecondPath(health, new PeerManagements(options.Cluster, time), core.Hub, time, loggers.CreateLogger<SecondPath>()));

        NatsBus BusOf(string use) => new(
            options.Cluster.Servers, $"cassini {name} {use}", new Subjects(options.Cluster.Name).Echo(name), options.Nats,
            loggers.CreateLogger<NatsBus>(), time);
    }

    /// <summary>Starts it; called once, before clients are served.</summary>
    /// <inheritdoc cref="IHostedProtocol.StartServices"/>
    public void Start(ServiceGroup services, ServiceGroup publications)
    {
        _file.Load();
        _node.Start();
        services.Start(ComponentKind.Broker, "cluster", _node.RunAsync);
        services.Start(ComponentKind.Service, "fleet health", _exchange.RunAsync);
        services.Start(ComponentKind.Service, "fleet memory", _file.RunAsync);
        services.Start(ComponentKind.Service, "fleet second path", _path.RunAsync);
        publications.Start(ComponentKind.Service, "fleet topics", _topics.RunAsync);
    }

    public void Dispose()
    {
        _exchange.Dispose();
        _node.Dispose();
        Health.Dispose();
    }

    /// <summary>Of what must be the same on all nodes, because a client may connect to any. Made anew when the rules change.</summary>
    private static Func<string> DigestOf(MqttBroker broker)
    {
        var (rules, digest) = (broker.AccessRules, Make(broker.AccessRules));
        return () =>
        {
            // Asked for under the lock of the node, a few times a second.
            if (broker.AccessRules is var now && now != rules)
            {
                (rules, digest) = (now, Make(now));
            }

            return digest;
        };

        static string Make(ImmutableArray<AccessRule> rules) => Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rules.Select(rule => rule.ToString())))).AsSpan(0, 8));
    }
}
