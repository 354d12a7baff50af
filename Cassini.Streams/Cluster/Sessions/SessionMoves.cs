using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>What is said of sessions that move between this node and others goes to who brings or gives them. Thread-safe.</summary>
internal sealed class SessionMoves : IDisposable
{
    /// <summary>Bytes of a piece of a session that moves.</summary>
    private const int PieceSize = 128 * 1024;

    private readonly string _epoch;
    private readonly TimeProvider _time;
    private readonly SessionGiver _giver;
    private readonly SessionTaker _taker;

    /// <param name="self">This node.</param>
    /// <param name="options">The fleet.</param>
    /// <param name="broker">Has the sessions: from now on they are those of the fleet.</param>
    /// <param name="durability">How far its store is.</param>
    /// <param name="interest">What its clients want.</param>
    /// <param name="confirmed">The versions of it that all live peers have confirmed.</param>
    /// <param name="clients">Who has a session here.</param>
    /// <param name="peers">The other nodes.</param>
    /// <param name="events">Where it publishes what came.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="tasks">Owns what is done in the background.</param>
    public SessionMoves(
        NodeRun self, ClusterOptions options, MqttBroker broker, Durability durability, OwnInterest interest, Watermark confirmed,
        OwnClients clients, IPeers peers, IEventPublisher events, TimeProvider time, NodeTasks tasks)
    {
        _epoch = self.Epoch;
        _time = time;
        var marks = new MarkSender(broker, peers, tasks);
        _giver = new SessionGiver(
            self.Node, self.Epoch, options, broker, clients, peers, marks, () => interest.Version, PieceSize, time, tasks);
        _taker = new SessionTaker(
            self.Node, self.Epoch, options, broker, durability, interest, confirmed, peers, marks, tasks, events, time);
        broker.Sessions.Fleet = new FleetSessions(
            self.Node, clients, peers, confirmed, _taker, broker.Sessions, options.TakeOverPatience, time);
    }

    /// <summary>A node says something. What is about no session is not for this.</summary>
    /// <param name="message">What it says.</param>
    /// <param name="known">The version of what it wants that is known here; null when this run of it is not known.</param>
    public void Hear(ControlMessage message, long? known)
    {
        switch (message)
        {
            case SessionAsked asked when asked.Of == _epoch && known is not null
                && ClientClaim.IsCredible(asked.Stamp, _time.GetUtcNow()):
                _giver.Hear(asked);
                break;
            case SessionAnswered answered when answered.Of == _epoch:
                _taker.Hear(answered);
                break;
            case MarksAsked asked when known >= asked.Interest:
                _giver.Hear(asked);
                break;
            case PieceAsked asked when asked.Of == _epoch:
                _giver.Hear(asked);
                break;
            case QueueAsked asked when asked.Of == _epoch && known is not null:
                _giver.Hear(asked);
                break;
            case SessionCame came when came.Of == _epoch:
                _giver.Hear(came);
                break;
        }
    }

    /// <inheritdoc cref="SessionTaker.HearPiece"/>
    public void HearPiece(ReadOnlyMemory<byte> piece) => _taker.HearPiece(piece);

    /// <inheritdoc cref="SessionTaker.OnMet"/>
    public void OnMet(Subscriber peer) => _taker.OnMet(peer);

    /// <summary>A mark came from a peer.</summary>
    public void OnMark(string from, Subscriber peer, ulong mark)
    {
        _giver.OnMark(from, mark);
        _taker.OnMark(from, peer, mark);
    }

    /// <summary>Who is there may have changed, or time has passed.</summary>
    public void Look()
    {
        _giver.Look();
        _taker.Look();
    }

    /// <summary>Nothing moves from here any more.</summary>
    public void Dispose() => _giver.Dispose();
}
