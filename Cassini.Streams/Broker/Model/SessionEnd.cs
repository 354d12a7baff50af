using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Model;

/// <summary>What is left to do when a connection left its session, or a session ended.</summary>
/// <param name="Ended">Whether the session ended.</param>
/// <param name="Connection">The connection that it had at its end.</param>
/// <param name="Will">A will to publish now: the end of a session brings a waiting one forward (§3.1.3.2.2).</param>
/// <param name="Subscriptions">What it had subscribed to; no longer in the tree.</param>
/// <param name="Turn">In which it is published; null when nothing changed.</param>
internal sealed record SessionEnd(bool Ended, ClientConnection? Connection, WillMessage? Will, Subscription[] Subscriptions, SessionTurn? Turn)
{
    public static readonly SessionEnd None = new(false, null, null, [], null);
}
