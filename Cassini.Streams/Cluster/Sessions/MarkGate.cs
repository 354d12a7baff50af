namespace Cassini.Streams.Cluster.Sessions;

/// <summary>Waits for the marks of all live nodes. Thread-safe.</summary>
/// <param name="awaitsOwn">Whether this node has to do the same.</param>
internal sealed class MarkGate(bool awaitsOwn)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _marked = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _isComplete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _awaitsOwn = awaitsOwn;

    /// <summary>Ends when all have come.</summary>
    public Task Complete => _isComplete.Task;

    /// <summary>The mark of a peer has come.</summary>
    /// <param name="node">The peer.</param>
    /// <param name="live">The peers that are not lost.</param>
    public void OnMark(string node, IReadOnlyCollection<string> live)
    {
        lock (_lock)
        {
            _marked.Add(node);
        }

        Review(live);
    }

    /// <summary>This node has done the same.</summary>
    public void OnOwn(IReadOnlyCollection<string> live)
    {
        lock (_lock)
        {
            _awaitsOwn = false;
        }

        Review(live);
    }

    /// <summary>A peer may be lost: its mark does not come.</summary>
    public void Review(IReadOnlyCollection<string> live)
    {
        lock (_lock)
        {
            if (_awaitsOwn || live.Any(node => !_marked.Contains(node)))
            {
                return;
            }
        }

        _isComplete.TrySetResult();
    }
}
