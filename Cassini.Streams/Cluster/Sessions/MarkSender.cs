using Cassini.Streams.Broker;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// Sends marks behind what this node publishes, for a session that moves from one node to another. What this node publishes from then on
/// is for the new node: after its mark nothing comes there that the old one got before the move began, and before the mark of the old node
/// everything has come there that the new one does not take. Thread-safe.
/// </summary>
/// <param name="broker">Takes messages in.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="failed">Called with a bug.</param>
internal sealed class MarkSender(MqttBroker broker, IPeers peers, Action<Exception> failed)
{
    /// <summary>Sends a mark to each of the two.</summary>
    /// <param name="newNode">Where the session goes; null when that is this node.</param>
    /// <param name="oldNode">Where it was; null when that is this node.</param>
    /// <param name="mark">The number of the move.</param>
    public void Send(string? newNode, string? oldNode, ulong mark) => TaskObserver.Observe(SendAsync(newNode, oldNode, mark), failed);

    /// <inheritdoc cref="Send"/>
    public async Task SendAsync(string? newNode, string? oldNode, ulong mark)
    {
        // What is being taken in may have been routed before this node knew of the move.
        await broker.WhenOutOfBatchesAsync().ConfigureAwait(false);
        if (newNode is not null)
        {
            peers.Mark(newNode, mark);
        }

        // What the new node has got before its mark, and does not take, is on its way to the old one then.
        await broker.WhenOutOfBatchesAsync().ConfigureAwait(false);
        if (oldNode is not null)
        {
            peers.Mark(oldNode, mark);
        }
    }
}
