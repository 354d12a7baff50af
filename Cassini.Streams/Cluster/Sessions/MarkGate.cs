namespace Cassini.Streams.Cluster.Sessions;

/// <summary>Waits for the marks of all live nodes. Thread-safe.</summary>
/// <param name="awaitsOwn">Whether this node has to do the same.</param>
internal sealed class MarkGate(bool awaitsOwn)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _marked = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _isComplete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _expected = new(StringComparer.Ordinal);
    private bool _awaitsOwn = awaitsOwn;

    /// <summary>Ends when all have come. Fails when one cannot come any more: what that node has published may be anywhere.</summary>
    /// <exception cref="InvalidDataException">A peer was lost meanwhile.</exception>
    public Task Complete => _isComplete.Task;

    /// <summary>The marks of these are waited for, too, and those of others that come meanwhile.</summary>
    public void Expect(IEnumerable<string> live)
    {
        lock (_lock)
        {
            _expected.UnionWith(live);
        }
    }

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

    /// <summary>Who is there may have changed.</summary>
    public void Review(IReadOnlyCollection<string> live)
    {
        lock (_lock)
        {
            if (_expected.FirstOrDefault(node => !_marked.Contains(node) && !live.Contains(node)) is { } lost)
            {
                _isComplete.TrySetException(new InvalidDataException($"node {lost} was lost meanwhile"));
                return;
            }

            if (_awaitsOwn || live.Any(node => !_marked.Contains(node)))
            {
                return;
            }
        }

        _isComplete.TrySetResult();
    }
}
