using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
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
            options.Cluster, node, hub.Epoch, DigestOf(broker), broker, durability, BusOf("control"), BusOf("data"), hub, time);

        NatsBus BusOf(string use) => new(
            options.Cluster.Servers, $"cassini {node} {use}", options.Nats, loggers.CreateLogger<NatsBus>(), time);
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
