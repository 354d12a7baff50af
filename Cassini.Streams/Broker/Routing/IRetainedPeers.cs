using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>The other nodes, which retain what this one does. Any thread, under no lock.</summary>
internal interface IRetainedPeers
{
    /// <summary>Sends a message to all of them that are there, and notes that answers wait for it, if it is not of QoS 0.</summary>
    /// <param name="message">The message, with its <see cref="Publication.Change"/>.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    void Send(ref Publication message, FlushSet flushes);
}
