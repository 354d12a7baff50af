using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>Waits for a ticket.</summary>
internal interface IDurabilityWaiter
{
    /// <summary>The ticket is reached. On a thread of the pool.</summary>
    /// <param name="flushes">Where to note that there is something to send.</param>
    void OnDurable(FlushSet flushes);
}
