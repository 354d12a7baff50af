using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>Hears the bus: whether its two connections are there, and what comes over them for this node. Thread-safe.</summary>
/// <param name="self">This node.</param>
/// <param name="subjects">The subjects of the fleet.</param>
/// <param name="buses">The connections: that of what nodes say to each other, and that of messages.</param>
/// <param name="name">Takes what is said in the name of this node.</param>
/// <param name="peers">The peers.</param>
/// <param name="join">Who waits for them.</param>
/// <param name="receiver">Takes what they say.</param>
/// <param name="moves">Takes what they say of sessions that move.</param>
/// <param name="sender">Says to peers what this node has to say.</param>
/// <param name="nodeLock">The lock of the node.</param>
internal sealed class ControlLine(
    NodeRun self, Subjects subjects, (NamedBus Control, NamedBus Data) buses, NodeName name, PeerTable peers, JoinGate join,
    ControlReceiver receiver, SessionMoves moves, ControlSender sender, NodeLock nodeLock) : IDisposable
{
    private const string Lost = "the connection to the engine is lost";

    private string? _problem;

    private readonly List<IDisposable> _subscriptions = [];

    /// <summary>Begins to hear it. Called once.</summary>
    /// <param name="queues">What is kept here for other nodes.</param>
    public void Start(IEnumerable<NodeQueue> queues)
    {
        buses.Control.ConnectionChanged += OnControlConnection;
        buses.Data.ConnectionChanged += OnDataConnection;
        using (nodeLock.Enter())
        {
            peers.Restore(queues);
            _subscriptions.Add(buses.Control.Inner.Subscribe(subjects.All, OnControl));
            _subscriptions.Add(buses.Control.Inner.Subscribe(subjects.Of(self.Node), OnControl));
            _subscriptions.Add(buses.Data.Subscribe(subjects.Pieces(self.Node), moves.HearPiece));
        }
    }

    /// <summary>Time has passed: when it is known why the bus is not connected, or it is another reason, that is said.</summary>
    public void Look()
    {
        using (nodeLock.Enter())
        {
            var isLost = buses.Control is { Inner.IsConnected: false } or { IsOpen: true, IsConnected: false };
            if (!peers.IsStopped && isLost && buses.Control.Problem is { } problem)
            {
                NoteLocked(problem);
            }
        }
    }

    /// <summary>Nothing more is heard. Any number of times.</summary>
    public void Dispose()
    {
        buses.Control.ConnectionChanged -= OnControlConnection;
        buses.Data.ConnectionChanged -= OnDataConnection;
        using (nodeLock.Enter())
        {
            _subscriptions.ForEach(subscription => subscription.Dispose());
            _subscriptions.Clear();
        }
    }

    private void OnControlConnection(string? server)
    {
        using (nodeLock.Enter())
        {
            if (peers.IsStopped)
            {
                return;
            }

            join.SetConnected(server is not null);
            if (server is null)
            {
                NoteLocked(buses.Control.Problem ?? (name.IsAside ? $"another process has the name {self.Node}" : Lost));
            }
            else
            {
                _problem = null;
                nodeLock.NoteLocked(new EngineConnected(server));
                sender.BeatToAll();
            }
        }
    }

    private void NoteLocked(string problem)
    {
        if (problem != _problem)
        {
            _problem = problem;
            nodeLock.NoteLocked(new EngineLost(problem));
        }
    }

    private void OnDataConnection(string? server)
    {
        if (server is null)
        {
            return;
        }

        using (nodeLock.Enter())
        {
            foreach (var peer in peers.Live)
            {
                peer.Subscriber.Link?.Look(isBack: true);
            }
        }
    }

    private void OnControl(ReadOnlyMemory<byte> data)
    {
        if (ControlMessage.Read(data.Span) is not { } message)
        {
            return;
        }

        if (message.Node == self.Node)
        {
            name.Hear(message);
            return;
        }

        long? known;
        using (nodeLock.Enter())
        {
            if (peers.IsStopped || !buses.Control.IsOpen)
            {
                return;
            }

            peers.ForgiveOwnPause();
            receiver.Hear(message);
            known = peers.Find(message)?.Interest.Version;
            join.TryJoin();
        }

        // Without the lock: it changes sessions.
        moves.Hear(message, known);
    }
}
