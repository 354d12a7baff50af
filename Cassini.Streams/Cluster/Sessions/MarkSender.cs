using Cassini.Streams.Broker;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// Sends marks behind what this node publishes, for sessions that move from one node to another. What this node publishes from then on is
/// for the new node: after its mark nothing comes there that the old one got before the move began, and before the mark of the old node
/// everything has come there that the new one does not take. Thread-safe.
/// </summary>
/// <remarks>All that ask while marks are being sent share the next round: it looks at every connection.</remarks>
/// <param name="broker">Takes messages in.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="failed">Called with a bug.</param>
internal sealed class MarkSender(MqttBroker broker, IPeers peers, Action<Exception> failed)
{
    private readonly Lock _lock = new();
    private List<Wanted> _wanted = [];
    private bool _isSending;

    /// <summary>Sends a mark to each of the two nodes of a move.</summary>
    /// <param name="newNode">Where the session goes; null when that is this node.</param>
    /// <param name="oldNode">Where it was; null when that is this node.</param>
    /// <param name="mark">The number of the move.</param>
    /// <returns>Ends when both are sent.</returns>
    public Task SendAsync(string? newNode, string? oldNode, ulong mark)
    {
        var wanted = new Wanted(newNode, oldNode, mark);
        lock (_lock)
        {
            _wanted.Add(wanted);
            if (_isSending)
            {
                return wanted.Sent.Task;
            }

            _isSending = true;
        }

        TaskObserver.Observe(SendAllAsync(), failed);
        return wanted.Sent.Task;
    }

    private async Task SendAllAsync()
    {
        // Not on the thread of the bus.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await SendRoundsAsync().ConfigureAwait(false);
        }
        catch
        {
            // Whoever waits asks again, and the next one begins anew.
            lock (_lock)
            {
                _isSending = false;
            }

            throw;
        }
    }

    private async Task SendRoundsAsync()
    {
        while (Take() is { Count: > 0 } round)
        {
            // What is being taken in may have been routed before this node knew of the move.
            await broker.WhenPublishedAsync().ConfigureAwait(false);
            Mark(round, wanted => wanted.NewNode);

            // What the new node has got before its mark, and does not take, is on its way to the old one then.
            await broker.WhenPublishedAsync().ConfigureAwait(false);
            Mark(round, wanted => wanted.OldNode);
            round.ForEach(wanted => wanted.Sent.SetResult());
        }
    }

    private List<Wanted> Take()
    {
        lock (_lock)
        {
            var taken = _wanted;
            _wanted = [];
            _isSending = taken.Count > 0;
            return taken;
        }
    }

    private void Mark(List<Wanted> round, Func<Wanted, string?> nodeOf)
    {
        foreach (var wanted in round)
        {
            if (nodeOf(wanted) is { } node)
            {
                peers.Mark(node, wanted.Mark);
            }
        }
    }

    private sealed record Wanted(string? NewNode, string? OldNode, ulong Mark)
    {
        public TaskCompletionSource Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
