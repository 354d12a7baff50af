using Cassini.Streams.Broker;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>Sends marks behind what this node publishes. Thread-safe.</summary>
/// <param name="broker">Takes messages in.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="failed">Called with a bug.</param>
internal sealed class MarkSender(MqttBroker broker, IPeers peers, Action<Exception> failed)
{
    /// <summary>Sends a mark to a peer when everything was delivered that is being taken in now.</summary>
    public void Send(string to, ulong mark) => TaskObserver.Observe(SendAsync(to, mark), failed);

    private async Task SendAsync(string to, ulong mark)
    {
        await broker.WhenOutOfBatchesAsync().ConfigureAwait(false);
        peers.Mark(to, mark);
    }
}
