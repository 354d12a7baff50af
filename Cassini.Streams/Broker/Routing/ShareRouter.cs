using Cassini.Streams.Broker.Model;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Gives messages of shared subscriptions to another member, when the one whose turn it was is gone: to one of this node if there is any,
/// because that takes no way to another node. Thread-safe.
/// </summary>
/// <param name="tree">Who is there.</param>
/// <param name="account">Whose work it is.</param>
/// <param name="counters">What is counted.</param>
/// <param name="time">The one clock.</param>
internal sealed class ShareRouter(SubscriptionTree tree, Account account, BrokerCounters counters, TimeProvider time)
{
    /// <summary>
    /// How often a message goes on from node to node at most: each may have sent its last members away, and not know that of the others.
    /// </summary>
    public const byte MostHops = 8;

    /// <summary>Whose work it is.</summary>
    public Account Account => account;

    /// <summary>Delivers a message. Not under a lock.</summary>
    /// <param name="message">The message.</param>
    /// <param name="share">The filter of the shared subscription.</param>
    /// <param name="flushes">Collects the outbox that must be flushed.</param>
    public void HandOn(ref Publication message, string share, FlushSet flushes)
    {
        var group = tree.FindGroup(share);
        var member = group?.NextOwn();
        if (member is null && message.Hops < MostHops)
        {
            // Who has handed it on had no member.
            member = group?.Next(except: message.Hops > 0 ? message.Peer : null) ?? group?.Next();
        }

        if (member is not null)
        {
            member.Subscriber.Deliver(ref message, member, flushes);
        }
        else if (message.IsOfPeer)
        {
            counters.AddDropped(message.QoS);
        }
    }

    /// <summary>Delivers a message that was kept.</summary>
    /// <inheritdoc cref="HandOn(ref Publication, string, FlushSet)"/>
    public void HandOn(StoredMessage message, string share, FlushSet flushes)
    {
        var publication = Publication.Of(message, account, time.GetTimestamp(), time);
        HandOn(ref publication, share, flushes);
    }
}
