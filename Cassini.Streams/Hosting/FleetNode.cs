using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Cluster;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Nats;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>Makes a broker a node of a fleet on NATS.</summary>
internal static class FleetNode
{
    /// <summary>The node; null for a broker on its own.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="broker">The broker.</param>
    /// <param name="durability">How far its store is.</param>
    /// <param name="hub">The events.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="loggers">Where it logs.</param>
    public static ClusterNode? Of(
        CassiniOptions options, MqttBroker broker, Durability durability, EventHub hub, TimeProvider time, ILoggerFactory loggers)
    {
        if (options.Cluster.Servers.IsDefaultOrEmpty)
        {
            return null;
        }

        var node = ClusterSettings.NodeOf(options.Cluster);
        return new ClusterNode(
            options.Cluster, node, hub.Epoch, () => DigestOf(broker), broker, durability, BusOf("control"), BusOf("data"), hub, time);

        NatsBus BusOf(string use) => new(
            options.Cluster.Servers, $"cassini {node} {use}", options.Nats, loggers.CreateLogger<NatsBus>(), time);
    }

    /// <summary>Of what must be the same on all nodes, because a client may connect to any.</summary>
    private static string DigestOf(MqttBroker broker)
    {
        var text = string.Join('\n', broker.AccessRules.Select(rule => rule.ToString()));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }
}
