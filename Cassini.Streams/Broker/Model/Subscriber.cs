namespace Cassini.Streams.Broker.Model;

/// <summary>A receiver of messages: a client's session, or an observer within this process.</summary>
internal abstract class Subscriber
{
    /// <summary>Whether it can be reached now: a shared subscription prefers reachable members.</summary>
    public abstract bool IsReachable { get; }

    /// <summary>Whether it counts as a subscriber: the health probe's session does not.</summary>
    public virtual bool IsListed => true;

    /// <summary>Whether it stands for another node, which has subscribers of its own.</summary>
    public virtual bool IsPeer => false;

    /// <summary>Whether it keeps messages while it cannot be reached.</summary>
    public abstract bool KeepsMessages { get; }

    /// <summary>Whether another node has it now: here it gets nothing more of its shared subscriptions.</summary>
    public virtual bool HasLeft => false;

    /// <summary>
    /// Delivers one copy. Never blocks: a subscriber that is too slow loses messages by its own policy and does not slow down others.
    /// </summary>
    /// <param name="message">The message, in the publisher's buffer.</param>
    /// <param name="subscription">The subscription that matches.</param>
    /// <param name="flushes">Collects the outbox that must be flushed.</param>
    public abstract void Deliver(ref Publication message, Subscription subscription, FlushSet flushes);
}
