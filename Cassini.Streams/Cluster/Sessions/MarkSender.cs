using Cassini.Streams.Broker;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// Sends marks behind what this node publishes, for sessions that move from one node to another. What this node publishes from then on is
/// for the new node: after its mark nothing comes there that the old one got before the move began, and before the mark of the old node
/// everything has come there that the new one does not take. Thread-safe.
/// </summary>
/// <remarks>All that ask while marks are being sent share the next round: it looks at every connection.</remarks>
/// <param name="broker">Takes messages in.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="tasks">Owns what is done in the background.</param>
internal sealed class MarkSender(MqttBroker broker, IPeers peers, NodeTasks tasks)
{
    private readonly Lock _lock = new();
    private List<Wanted> _wanted = [];
    private bool _isSending;

    /// <summary>Sends a mark to each of the two nodes of a move.</summary>
    /// <param name="newNode">Where the session goes; null when that is this node.</param>
    /// <param name="oldNode">Where it was; null when that is this node.</param>
    /// <param name="mark">The number of the move.</param>
    /// <param name="needed">The client of the session, when that leaves the old node not without this mark; else null.</param>
    /// <param name="opened">Called instead of a mark to this node; null when the session does not come here.</param>
    /// <returns>
    /// Ends when both are sent, and fails when that does; false when neither was, because what was kept for one of the two is still being
    /// sent.
    /// </returns>
    public Task<bool> SendAsync(string? newNode, string? oldNode, ulong mark, ulong? needed = null, Action? opened = null)
    {
        var wanted = new Wanted(newNode, oldNode, mark, needed, opened);
        lock (_lock)
        {
            _wanted.Add(wanted);
            if (_isSending)
            {
                return wanted.Sent.Task;
            }

            _isSending = true;
        }

        tasks.Add(SendAllAsync());
        return wanted.Sent.Task;
    }

    private async Task SendAllAsync()
    {
        // Not on the thread of the bus.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        List<Wanted> round = [];
        try
        {
            while ((round = Take()).Count > 0)
            {
                await SendAsync(round).ConfigureAwait(false);
            }
        }
        catch (Exception failure)
        {
            // Whoever waits asks again, and the next one begins anew.
            lock (_lock)
            {
                round.AddRange(_wanted);
                _wanted = [];
                _isSending = false;
            }

            round.ForEach(wanted => wanted.Sent.SetException(failure));
            throw;
        }
    }

    private async Task SendAsync(List<Wanted> round)
    {
        // What was kept for one node has another number than the copy of it that the other node gets.
        var ready = round.FindAll(wanted => IsSettled(wanted.NewNode) && IsSettled(wanted.OldNode));

        // What is being taken in may have been routed before this node knew of the move.
        await broker.WhenPublishedAsync().ConfigureAwait(false);
        ready.ForEach(wanted => Mark(wanted.NewNode, wanted));
        ready.ForEach(wanted => wanted.Opened?.Invoke());

        // What the new node has got before its mark, and does not take, is on its way to the old one then.
        await broker.WhenPublishedAsync().ConfigureAwait(false);
        ready.ForEach(wanted => Mark(wanted.OldNode, wanted));
        round.ForEach(wanted => wanted.Sent.SetResult(ready.Contains(wanted)));
    }

    private bool IsSettled(string? node) => node is null || peers.IsSettled(node);

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

    private void Mark(string? node, Wanted wanted)
    {
        if (node is not null)
        {
            peers.Mark(
                node, wanted.Mark, wanted is { NewNode: { } to, Needed: { } client } && node == wanted.OldNode ? (client, to) : null);
        }
    }

    private sealed record Wanted(string? NewNode, string? OldNode, ulong Mark, ulong? Needed, Action? Opened)
    {
        public TaskCompletionSource<bool> Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
