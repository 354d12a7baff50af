using System.Collections.Immutable;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Membership;
using Cassini.Streams.Cluster.Retained;
using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>
/// The peers: which there are, and what this node does when one comes, is lost, leaves or is forgotten. For the lock of its node.
/// </summary>
internal sealed class PeerTable
{
    /// <summary>Who can publish on the bus could name nodes without end: no more are heard.</summary>
    private const int MostPeers = 64;

    private readonly PeerFactory _factory;
    private readonly PeerLinks _links;
    private readonly KeptDelivery _delivery;
    private readonly Standings _standings;
    private readonly RetainedPeers _retained;
    private readonly ControlSender _sender;
    private readonly NodeLock _lock;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly long _startedAt;
    private readonly Dictionary<string, PeerNode> _peers = new(StringComparer.Ordinal);
    private MembershipState _members;
    private TimeSpan _lookedAt;

    /// <param name="options">The fleet.</param>
    /// <param name="factory">Makes peers.</param>
    /// <param name="links">Opens links to them.</param>
    /// <param name="delivery">Sends what is kept for them.</param>
    /// <param name="standings">Which of them count.</param>
    /// <param name="retained">Gets what this node retains.</param>
    /// <param name="sender">Says to peers what this node has to say.</param>
    /// <param name="nodeLock">The lock of the node.</param>
    /// <param name="time">The one clock.</param>
    public PeerTable(
        ClusterOptions options, PeerFactory factory, PeerLinks links, KeptDelivery delivery, Standings standings, RetainedPeers retained,
        ControlSender sender, NodeLock nodeLock, TimeProvider time)
    {
        _factory = factory;
        _links = links;
        _delivery = delivery;
        _standings = standings;
        _retained = retained;
        _sender = sender;
        _lock = nodeLock;
        _time = time;
        _interval = options.HeartbeatInterval;
        _startedAt = time.GetTimestamp();
        _members = new MembershipState(options.SuspectAfter, options.DeadAfter);
    }

    /// <summary>Whether this node has stopped: it has no links any more, and hears nobody.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>All that are known.</summary>
    public IEnumerable<PeerNode> All => _peers.Values;

    /// <summary>Those that are not lost.</summary>
    public IEnumerable<PeerNode> Live => _peers.Values.Where(peer => peer.Subscriber.Link is not null);

    /// <summary>Those that are lost, or have left and are expected back.</summary>
    public IEnumerable<PeerNode> Gone => _peers.Values.Where(peer => peer.Subscriber.Link is null);

    /// <summary>A peer by its name; null when it is not known.</summary>
    public PeerNode? Find(string node) => _peers.GetValueOrDefault(node);

    /// <summary>The peer that says something; null when it is not known, or as another run.</summary>
    public PeerNode? Find(ControlMessage message) => Find(message.Node) is { } peer && peer.Epoch == message.Epoch ? peer : null;

    /// <summary>Nodes for which something is kept were gone already when this node ended.</summary>
    public void Restore(IEnumerable<NodeQueue> queues)
    {
        foreach (var queue in queues.Where(queue => queue.Session.KeepsMessages).ToList())
        {
            Put(queue.Node, "", before: null);
        }
    }

    /// <summary>A peer says that it lives.</summary>
    public void Hear(ControlMessage beat)
    {
        if (_peers.Count < MostPeers || _peers.ContainsKey(beat.Node) || TryForgetOne())
        {
            Apply(_members.Hear(beat.Node, beat.Epoch, Elapsed()));
        }
    }

    /// <summary>A peer says that it stops.</summary>
    public void Leave(ControlMessage farewell) => Apply(_members.Leave(farewell.Node, farewell.Epoch, Elapsed()));

    /// <summary>Time has passed.</summary>
    public void Advance() => Apply(_members.Advance(Elapsed()));

    /// <summary>Time has passed: what was not taken is sent again, and links that are broken are made anew.</summary>
    public void Look()
    {
        foreach (var peer in _peers.Values)
        {
            _links.Look(peer);
            _standings.Look(peer);
            peer.Look();
        }
    }

    /// <summary>When this node was stopped for a while, as a process or as a machine, its peers were not silent.</summary>
    public void ForgiveOwnPause()
    {
        var elapsed = Elapsed();
        var pause = elapsed - _lookedAt - _interval;
        _lookedAt = elapsed;
        if (pause > _interval)
        {
            _members = _members.Forgive(pause);
        }
    }

    /// <summary>A peer that is gone is known no more, and what is kept for its sessions is given up.</summary>
    /// <param name="node">Its name; of one that is not gone nothing happens.</param>
    public void ForgetGone(string node)
    {
        if (Find(node) is { Subscriber.Link: null } gone)
        {
            ForgetGone(gone);
            _delivery.EndQueue(node);
        }
    }

    /// <summary>This node stops: it has no peers any more.</summary>
    public void Stop()
    {
        IsStopped = true;
        foreach (var peer in _peers.Values)
        {
            _links.Close(peer, isStopping: true);
            peer.End();
        }
    }

    private TimeSpan Elapsed() => _time.GetElapsedTime(_startedAt);

    private void Apply((MembershipState State, ImmutableArray<PeerTransition> Transitions) after)
    {
        _members = after.State;
        foreach (var (change, node, epoch, _, silence) in after.Transitions)
        {
            switch (change)
            {
                case PeerChange.Joined:
                    Meet(node, epoch);
                    _lock.NoteLocked(new PeerJoined(node, epoch));
                    break;
                case PeerChange.Suspected:
                    _lock.NoteLocked(new PeerSuspected(node, silence));
                    break;
                case PeerChange.Back:
                    Greet(_peers[node]);
                    _lock.NoteLocked(new PeerBack(node, silence));
                    break;
                case PeerChange.Lost:
                    _links.Close(_peers[node]);
                    _standings.Begin(_peers[node]);
                    _lock.NoteLocked(new PeerLost(node, epoch, silence));
                    break;
                case PeerChange.Left:
                    Part(node);
                    _lock.NoteLocked(new PeerLeft(node));
                    break;
            }
        }
    }

    private void Meet(string node, string epoch)
    {
        // Another run has the sessions that the one before kept: what is for these is kept until it takes it.
        var before = Find(node);
        if (before is not null)
        {
            _links.Close(before);
            before.End();
            before.Subscriber.Unsettle();
        }

        var peer = Put(node, epoch, before);
        _standings.Begin(peer);
        _factory.Hear(peer);
        Greet(peer);
    }

    private PeerNode Put(string node, string epoch, PeerNode? before)
    {
        var peer = _peers[node] = _factory.Make(node, epoch, before);
        _retained.Set(_peers.Values.Select(known => known.Subscriber));
        return peer;
    }

    /// <summary>A peer that is there, or there again, gets a link, and is asked what it wants.</summary>
    private void Greet(PeerNode peer)
    {
        _links.Open(peer);
        _sender.BeatTo(peer.Name);
        _sender.AskForInterest(peer.Name);
    }

    /// <summary>A peer has stopped. Sessions that it keeps wait for it.</summary>
    private void Part(string node)
    {
        if (Find(node) is { } peer)
        {
            _links.Close(peer);
            _standings.Begin(peer);
            if (peer.Interest.Clients.Count == 0 && !peer.Interest.KeepsAny)
            {
                Forget(peer);
            }
        }
    }

    /// <summary>Makes room for another one: nodes of which each run has a name of its own would fill it up.</summary>
    private bool TryForgetOne()
    {
        // First those that keep nothing; then the one that is gone for the longest time.
        if (Gone.OrderBy(peer => peer.Interest.Clients.Count > 0 || peer.Interest.KeepsAny).ThenBy(peer => peer.GoneSince)
            .FirstOrDefault() is not { } gone)
        {
            return false;
        }

        ForgetGone(gone);
        return true;
    }

    private void ForgetGone(PeerNode gone)
    {
        Forget(gone);
        _members = _members.Forget(gone.Name);
        _lock.NoteLocked(new PeerForgotten(gone.Name));
    }

    private void Forget(PeerNode peer)
    {
        _peers.Remove(peer.Name);
        _links.Close(peer);
        peer.Interest.Clear();
        peer.End();
        if (peer.NotKept is not null)
        {
            _lock.NoteLocked(new MessagesKept(peer.Name));
        }

        _retained.Set(_peers.Values.Select(known => known.Subscriber));
    }
}
