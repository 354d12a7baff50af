using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster;

/// <summary>Tells the peers what has changed of what this node's clients want. Thread-safe.</summary>
internal sealed class InterestTeller : IDisposable
{
    private readonly OwnInterest _own;
    private readonly PeerTable _peers;
    private readonly JoinGate _join;
    private readonly ControlSender _sender;
    private readonly NodeLock _lock;
    private readonly ITimer _timer;
    private int _isDue;

    /// <param name="own">What the clients want.</param>
    /// <param name="peers">The peers.</param>
    /// <param name="join">Who waits until they know it.</param>
    /// <param name="sender">Says to peers what this node has to say.</param>
    /// <param name="nodeLock">The lock of the node.</param>
    /// <param name="tasks">Gets a bug.</param>
    /// <param name="time">The one clock.</param>
    public InterestTeller(
        OwnInterest own, PeerTable peers, JoinGate join, ControlSender sender, NodeLock nodeLock, NodeTasks tasks, TimeProvider time)
    {
        _own = own;
        _peers = peers;
        _join = join;
        _sender = sender;
        _lock = nodeLock;
        _timer = time.CreateTimer(_ => tasks.Guard(Tell), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something has changed. Under the lock of the tree: it takes none.</summary>
    public void Schedule()
    {
        if (Interlocked.Exchange(ref _isDue, 1) == 0)
        {
            _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>What changes meanwhile waits for the next time: so much becomes few messages.</summary>
    private void Tell()
    {
        Volatile.Write(ref _isDue, 0);
        using (_lock.Enter())
        {
            if (!_peers.IsStopped && _own.TakeDelta() is { } delta)
            {
                _sender.TellInterest(delta);
                _join.Await(delta.To);
            }
        }
    }
}
