using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Sessions;

namespace Cassini.Streams.Cluster;

/// <summary>Says at each interval that this node lives, and does what is due with each peer. Thread-safe.</summary>
internal sealed class Heartbeat : IDisposable
{
    private readonly PeerTable _peers;
    private readonly JoinGate _join;
    private readonly PeerWatch _watch;
    private readonly SessionMoves _moves;
    private readonly ControlSender _sender;
    private readonly ControlLine _line;
    private readonly RetainedMessages _retained;
    private readonly NodeLock _lock;
    private readonly ITimer _timer;

    /// <param name="peers">The peers.</param>
    /// <param name="join">Who waits for them.</param>
    /// <param name="watch">Reports what is wrong with them.</param>
    /// <param name="moves">Sessions that move between them.</param>
    /// <param name="sender">Says to peers what this node has to say.</param>
    /// <param name="line">Says why the bus is not connected.</param>
    /// <param name="retained">What this node retains.</param>
    /// <param name="nodeLock">The lock of the node.</param>
    /// <param name="tasks">Gets a bug.</param>
    /// <param name="time">The one clock.</param>
    public Heartbeat(
        PeerTable peers, JoinGate join, PeerWatch watch, SessionMoves moves, ControlSender sender, ControlLine line,
        RetainedMessages retained, NodeLock nodeLock, NodeTasks tasks, TimeProvider time)
    {
        _peers = peers;
        _join = join;
        _watch = watch;
        _moves = moves;
        _sender = sender;
        _line = line;
        _retained = retained;
        _lock = nodeLock;
        _timer = time.CreateTimer(_ => tasks.Guard(Beat), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins at once.</summary>
    public void Start(TimeSpan interval) => _timer.Change(TimeSpan.Zero, interval);

    public void Dispose() => _timer.Dispose();

    private void Beat()
    {
        using (_lock.Enter())
        {
            if (_peers.IsStopped)
            {
                return;
            }

            _line.Look();
            _peers.ForgiveOwnPause();
            _peers.Advance();
            _join.Review();
            _sender.BeatToAll();
            _peers.Look();
            foreach (var peer in _peers.All)
            {
                _watch.Look(peer);
            }

            _retained.NoteKnownUpTo(_peers.All.Select(peer => peer.Retained.KnownUpTo).DefaultIfEmpty().Min());
            _join.LosePatience();
            _join.TryJoin();
        }

        _moves.Look();
    }
}
