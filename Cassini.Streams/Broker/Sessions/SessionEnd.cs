using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>What is left to do when a connection has left its session, or a session has ended.</summary>
/// <param name="Ended">Whether the session ended.</param>
/// <param name="Attachment">What it had at its end; null when no connection served it.</param>
/// <param name="Will">A will to publish now: a will that waits is due when its session ends (§3.1.3.2.2).</param>
/// <param name="Subscriptions">Its subscriptions if it ended: they must be removed from the tree.</param>
/// <param name="Unfinished">What other members of its shared subscriptions must get if it ended, oldest first.</param>
/// <param name="Store">
/// Keeps the session until these have it: it must be ended then. Null when it is not kept, or there is nothing unfinished.
/// </param>
internal sealed record SessionEnd(
    bool Ended, Attachment? Attachment, HeldWill? Will, Subscription[] Subscriptions, LeftMessages Unfinished, ISessionStore? Store)
{
    public static readonly SessionEnd None = new(false, null, null, [], LeftMessages.None, null);
}
