namespace Cassini.Streams.Broker.Model;

/// <summary>What gets messages: a client's session, or an observer within this process.</summary>
internal abstract class Subscriber
{
    /// <summary>Whether it can be reached at the moment: a shared subscription prefers such members.</summary>
    public abstract bool IsReachable { get; }

    /// <summary>Whether it counts as a subscriber: the health probe's session does not.</summary>
    public virtual bool IsListed => true;

    /// <summary>Whether it takes messages while it cannot be reached.</summary>
    public abstract bool KeepsMessages { get; }

    /// <summary>
    /// Delivers one copy. Never blocks: a subscriber that is too slow loses messages by its own policy and slows down no other.
    /// </summary>
    /// <param name="message">The message, in the publisher's buffer.</param>
    /// <param name="subscription">The subscription that matches.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    public abstract void Deliver(ref Publication message, Subscription subscription, FlushSet flushes);
}
