using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Cluster.Membership;
using Cassini.Streams.Cluster.Retained;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Cluster;

/// <summary>
/// This broker as a node of a fleet: says that it lives and what its clients want, hears the same of its peers, and has a link to each.
/// Thread-safe. Its lock is taken before that of the tree.
/// </summary>
internal sealed class ClusterNode : IPeers, IDisposable
{
    /// <summary>Who can publish on the bus could name nodes without end: no more are heard.</summary>
    private const int MostPeers = 64;

    /// <summary>Bytes of a piece of a session that moves.</summary>
    private const int PieceSize = 128 * 1024;

    /// <summary>So many heartbeats in a row must say it, over as long as they take.</summary>
    private const int BeatsOfSkew = 10;

    /// <summary>A heartbeat whose clock differs by more is reported.</summary>
    private static readonly TimeSpan LargestSkew = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ClusterOptions _options;
    private readonly LinkOptions _links;
    private readonly MqttBroker _broker;
    private readonly Durability _durability;
    private readonly IBus _control;
    private readonly IBus _data;
    private readonly IEventPublisher _events;
    private readonly TimeProvider _time;
    private readonly OwnInterest _own;
    private readonly PeerWatermark _confirmed = new();
    private readonly RetainedPeers _retained = new();
    private readonly Subjects _subjects;
    private readonly OwnClients _clients;
    private readonly QueueDrain _drain;
    private readonly SessionGiver _giver;
    private readonly SessionTaker _taker;
    private readonly string _node;
    private readonly string _epoch;
    private readonly Func<string> _settings;
    private readonly long _startedAt;
    private readonly Dictionary<string, PeerNode> _peers = new(StringComparer.Ordinal);
    private readonly List<IDisposable> _subscriptions = [];
    private readonly ITimer _beat;
    private readonly ITimer _flush;
    private volatile TaskCompletionSource _crash = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _allKnown;
    private TimeSpan? _connectedAt;
    private MembershipState _members;
    private TimeSpan _lookedAt;
    private ulong _lastLink;
    private int _isFlushDue;
    private bool _hasJoined;
    private bool _isLate;
    private bool _isStopped;
    private long _pendingSince;
    private long _pendingVersion;

    /// <param name="options">The fleet.</param>
    /// <param name="node">The name of this node.</param>
    /// <param name="epoch">This run.</param>
    /// <param name="settings">A digest of the settings that nodes must share.</param>
    /// <param name="broker">The broker. No client has subscribed yet.</param>
    /// <param name="durability">How far its store is.</param>
    /// <param name="control">Carries what nodes say to each other.</param>
    /// <param name="data">Carries messages. Another connection, because a full one must not make a node look dead.</param>
    /// <param name="events">Where it publishes.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="links">The bounds of links; null for the defaults.</param>
    public ClusterNode(
        ClusterOptions options, string node, Epoch epoch, Func<string> settings, MqttBroker broker, Durability durability, IBus control,
        IBus data, IEventPublisher events, TimeProvider time, LinkOptions? links = null)
    {
        _options = options;
        _links = links ?? new LinkOptions();
        _node = node;
        _epoch = epoch.ToString();
        _settings = settings;
        _broker = broker;
        _durability = durability;
        _control = control;
        _data = data;
        _events = events;
        _time = time;
        _startedAt = time.GetTimestamp();

        // Higher than that of any link of an earlier run.
        _lastLink = epoch.Value << 16;
        _subjects = new Subjects(options.Name);
        _members = new MembershipState(options.SuspectAfter, options.DeadAfter);
        _own = new OwnInterest(_confirmed, ScheduleFlush);
        _beat = time.CreateTimer(_ => Guard(OnBeat), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _flush = time.CreateTimer(_ => Guard(OnFlush), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _control.ConnectionChanged += OnControlConnection;
        _data.ConnectionChanged += OnDataConnection;
        broker.Tree.Interest = _own;
        var (run, name) = (RetainedHash.Of(Encoding.UTF8.GetBytes($"{node} {epoch}")), RetainedHash.Of(Encoding.UTF8.GetBytes(node)));
        broker.Retained.Replicate(
            new RetainedClock(run, time), (options.MaxRemoved, options.KeepRemoved), new RetainedStamp(1, name), _retained);
        _clients = new OwnClients(_own, time);
        _drain = new QueueDrain(time);
        var marks = new MarkSender(broker, this, Crash);
        _giver = new SessionGiver(node, _epoch, options, broker, _clients, this, marks, PieceSize, time, Crash);
        _taker = new SessionTaker(node, _epoch, options, broker, durability, _own, _confirmed, this, marks, events, time);
        broker.Sessions.Fleet = new FleetSessions(
            node, _clients, this, _confirmed, _taker, broker.Sessions, options.TakeOverPatience, time);
    }

    /// <summary>Whether it knows what all live peers want, or has waited long enough for it. Any thread.</summary>
    public bool HasJoined
    {
        get
        {
            lock (_lock)
            {
                return _hasJoined;
            }
        }
    }

    /// <summary>The peers that are not lost, by their names. Any thread.</summary>
    public ImmutableArray<string> Peers
    {
        get
        {
            lock (_lock)
            {
                return [.. Live().Select(peer => peer.Name).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The link to each peer, and what is known of each other's subscriptions. Any thread.</summary>
    public ImmutableDictionary<string, (NodeLinks Links, NodeInterest Interest)> Links
    {
        get
        {
            lock (_lock)
            {
                return _peers.Values.ToImmutableDictionary(
                    peer => peer.Name,
                    peer => (
                        new NodeLinks(peer.Subscriber.Link is not null, peer.Subscriber.Link?.Dropped ?? peer.Dropped),
                        new NodeInterest(peer.IsKnown, peer.Interest.Version, peer.Confirmed >= _own.Version)),
                    StringComparer.Ordinal);
            }
        }
    }

    /// <summary>A lost peer is known no more. Any thread.</summary>
    /// <param name="node">Its name; of one that is not lost nothing happens.</param>
    public void ForgetLost(string node)
    {
        lock (_lock)
        {
            if (_peers.GetValueOrDefault(node) is { Subscriber.Link: null } lost)
            {
                ForgetLost(lost);

                // Its sessions are given up as well.
                EndQueue(node);
            }
        }
    }

    /// <summary>Begins to say that it lives, and to hear others. Call it once, before clients are served.</summary>
    public void Start()
    {
        _events.Publish(new FleetEntered(_node, _options.Name, _options.IsolationGrace, _options.ReadyAlone));
        lock (_lock)
        {
            // Nodes that were gone already when this one ended.
            foreach (var queue in _broker.Sessions.Queues.Where(queue => queue.Session.KeepsMessages).ToList())
            {
                Know(queue.Node, "", before: null);
            }

            _subscriptions.Add(_control.Subscribe(_subjects.All, OnControl));
            _subscriptions.Add(_control.Subscribe(_subjects.Of(_node), OnControl));
            _subscriptions.Add(_data.Subscribe(_subjects.Pieces(_node), _taker.HearPiece));
        }

        _beat.Change(TimeSpan.Zero, _options.HeartbeatInterval);
    }

    /// <summary>Keeps both connections until it is cancelled. Then it has said that it stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource();
        var crash = _crash = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] running = [_control.RunAsync(end.Token), _data.RunAsync(end.Token)];
        Task ended = Task.WhenAny([.. running, crash.Task]);
        await ended.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested)
        {
            Stop();
        }

        // One that has ended by itself has failed: the other ends with it, and both begin anew.
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
        if (crash.Task.IsFaulted)
        {
            await crash.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Says that it stops, and ends all links: nobody waits for peers any more. Any number of times.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            Tell(_subjects.All, new Farewell(_node, _epoch));
            foreach (var peer in _peers.Values)
            {
                Lose(peer);
                End(peer);
            }

            _subscriptions.ForEach(subscription => subscription.Dispose());
            _allKnown?.TrySetResult();
            _joined.TrySetResult();
        }

        _confirmed.Reach(long.MaxValue);
        _giver.Dispose();
    }

    /// <summary>Stops if need be.</summary>
    public void Dispose()
    {
        Stop();
        _control.ConnectionChanged -= OnControlConnection;
        _data.ConnectionChanged -= OnDataConnection;
        _beat.Dispose();
        _flush.Dispose();
    }

    /// <summary>A bug on a timer's thread would end the process: it is a crash of this service instead.</summary>
    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception bug)
        {
            Crash(bug);
        }
    }

    /// <summary>Sends a peer that is back what was kept for it.</summary>
    private async Task DrainAsync(PeerNode peer, LinkSender link)
    {
        if (!await _drain.RunAsync(peer.Subscriber, link, AskFor, _durability.Closed).ConfigureAwait(false))
        {
            return;
        }

        lock (_lock)
        {
            // It may be lost again already.
            if (peer.Subscriber.Queue is null)
            {
                EndQueue(peer.Name);
            }
        }

        void AskFor(ulong over) => Tell(_subjects.Of(peer.Name), new LinkAsked(_node, _epoch, peer.Epoch, over));
    }

    /// <summary>Says how far this node got on a link that a peer has given up.</summary>
    private async Task AnswerAsync(PeerNode peer, ulong link)
    {
        try
        {
            var received = await peer.Receiver.CloseAsync(link).ConfigureAwait(false);
            Tell(_subjects.Of(peer.Name), new LinkAnswered(_node, _epoch, peer.Epoch, link, received));
        }
        catch (OperationCanceledException)
        {
            // The store is closed: the next run is asked.
        }
    }

    private void EndQueue(string node)
    {
        if (_broker.Sessions.FindQueue(node) is { } queue)
        {
            _broker.Sessions.EndQueue(queue);
        }
    }

    private void Crash(Exception bug) => _crash.TrySetException(bug);

    private TimeSpan Elapsed() => _time.GetElapsedTime(_startedAt);

    private IEnumerable<PeerNode> Live() => _peers.Values.Where(peer => peer.Subscriber.Link is not null);

    private void OnControlConnection(string? server)
    {
        if (server is null)
        {
            lock (_lock)
            {
                if (_isStopped)
                {
                    return;
                }

                _connectedAt = null;
            }

            _events.Publish(new EngineLost("the connection to the engine is lost"));
            return;
        }

        _events.Publish(new EngineConnected(server));
        lock (_lock)
        {
            if (!_isStopped)
            {
                _connectedAt ??= Elapsed();
                Beat(_subjects.All);
            }
        }
    }

    private void OnDataConnection(string? server)
    {
        if (server is not null)
        {
            lock (_lock)
            {
                foreach (var peer in Live())
                {
                    peer.Subscriber.Link?.Look(isBack: true);
                }
            }
        }
    }

    /// <summary>Under the lock of the tree: it takes none.</summary>
    private void ScheduleFlush()
    {
        if (Interlocked.Exchange(ref _isFlushDue, 1) == 0)
        {
            _flush.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Tells the peers what has changed. What changes meanwhile waits for the next time: so much becomes few messages.</summary>
    private void OnFlush()
    {
        Volatile.Write(ref _isFlushDue, 0);
        lock (_lock)
        {
            if (_isStopped || _own.TakeDelta() is not { } delta)
            {
                return;
            }

            TellInterest(_subjects.All, delta);
            if (_pendingVersion <= _confirmed.Reached)
            {
                _pendingSince = _time.GetTimestamp();
            }

            _pendingVersion = delta.To;
            Review();
        }
    }

    private void OnBeat()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            ForgiveOwnPause();
            var (members, transitions) = _members.Advance(Elapsed());
            _members = members;
            Apply(transitions);
            Beat(_subjects.All);
            foreach (var peer in Live())
            {
                peer.Subscriber.Link?.Look(isBack: false);
                peer.Receiver.Look();
                ReportDrops(peer);
                LookAtRetained(peer);
            }

            _broker.Retained.NoteKnownUpTo(_peers.Values.Select(peer => peer.Retained.KnownUpTo).DefaultIfEmpty().Min());

            LosePatience();
            Join();
        }

        _giver.Look();
        _taker.Look();
    }

    private void OnControl(ReadOnlyMemory<byte> data)
    {
        if (ControlMessage.Read(data.Span) is not { } message || message.Node == _node)
        {
            return;
        }

        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            ForgiveOwnPause();
            switch (message)
            {
                case Beat beat:
                    Hear(beat);
                    break;
                case Farewell:
                    var (members, transitions) = _members.Leave(message.Node, message.Epoch, Elapsed());
                    _members = members;
                    Apply(transitions);
                    break;
                case InterestWanted when Find(message) is not null:
                    TellInterest(_subjects.Of(message.Node), _own.All());
                    break;
                case InterestTold told when Find(message) is { } peer:
                    Take(peer, told);
                    break;
                case LinkAsked asked when asked.Of == _epoch && Find(message) is { } peer:
                    TaskObserver.Observe(AnswerAsync(peer, asked.Link), Crash);
                    break;
                case LinkAnswered answered when answered.Of == _epoch && Find(message) is { } peer:
                    peer.Subscriber.Settle(answered.Link, answered.Received);
                    break;
                case SessionAsked asked when asked.Of == _epoch && Find(message) is not null:
                    _giver.Hear(asked);
                    break;
                case SessionAnswered answered when answered.Of == _epoch:
                    _taker.Hear(answered);
                    break;
                case MarksAsked asked when Find(message) is { } peer && peer.Interest.Version >= asked.Interest:
                    _giver.Hear(asked);
                    break;
                case PieceAsked asked when asked.Of == _epoch:
                    _giver.Hear(asked);
                    break;
                case SessionCame came when came.Of == _epoch:
                    _giver.Hear(came);
                    break;
                case InterestSeen seen when Find(message) is { } peer && seen.Of == _epoch:
                    peer.Confirmed = Math.Max(peer.Confirmed, seen.Version);
                    Review();
                    break;
            }

            Join();
        }
    }

    /// <summary>When this node was stopped for a while, as a process or as a machine, its peers were not silent.</summary>
    private void ForgiveOwnPause()
    {
        var elapsed = Elapsed();
        var pause = elapsed - _lookedAt - _options.HeartbeatInterval;
        _lookedAt = elapsed;
        if (pause > _options.HeartbeatInterval)
        {
            _members = _members.Forgive(pause);
        }
    }

    private PeerNode? Find(ControlMessage message) =>
        _peers.GetValueOrDefault(message.Node) is { } peer && peer.Epoch == message.Epoch ? peer : null;

    private void Hear(Beat beat)
    {
        if (_peers.Count >= MostPeers && !_peers.ContainsKey(beat.Node) && !TryForgetALostPeer())
        {
            return;
        }

        var (members, transitions) = _members.Hear(beat.Node, beat.Epoch, Elapsed());
        _members = members;
        Apply(transitions);
        if (Find(beat) is not { } peer)
        {
            return;
        }

        if (beat.Interest > peer.Interest.Version || !peer.IsKnown)
        {
            Tell(_subjects.Of(peer.Name), new InterestWanted(_node, _epoch));
        }
        else
        {
            Tell(_subjects.Of(peer.Name), new InterestSeen(_node, _epoch, peer.Epoch, peer.Interest.Version));
        }

        peer.Retained.OnBeat(beat.Retained, beat.At);
        Compare(peer, beat);
    }

    private void Compare(PeerNode peer, Beat beat)
    {
        var differs = beat.Settings == _settings() ? "" : "settings";
        if (differs != peer.Differs)
        {
            peer.Differs = differs;
            _events.Publish(new PeerDiffers(peer.Name, differs));
        }

        var skew = beat.At - _time.GetUtcNow();
        peer.SkewedBeats = skew.Duration() > LargestSkew ? peer.SkewedBeats + 1 : 0;
        peer.SkewedSince = peer.SkewedBeats <= 1 ? Elapsed() : peer.SkewedSince;

        // What waited somewhere, behind a node that stood still or a network that was cut, says nothing of the clock, and comes at once.
        var isSkewed = peer.SkewedBeats >= BeatsOfSkew
            && Elapsed() - peer.SkewedSince >= (BeatsOfSkew - 1) * _options.HeartbeatInterval;
        if (isSkewed != peer.IsSkewed)
        {
            peer.IsSkewed = isSkewed;
            _events.Publish(new PeerClockSkewed(peer.Name, isSkewed ? skew : TimeSpan.Zero));
        }
    }

    private void Take(PeerNode peer, InterestTold told)
    {
        switch (peer.Take(told))
        {
            case true:
                Settle(peer, told);
                Review();
                Tell(_subjects.Of(peer.Name), new InterestSeen(_node, _epoch, peer.Epoch, peer.Interest.Version));
                break;
            case false:
                Tell(_subjects.Of(peer.Name), new InterestWanted(_node, _epoch));
                break;
        }
    }

    /// <summary>Of a client that has a session on both nodes, the earlier one ends: both find the same.</summary>
    private void Settle(PeerNode peer, InterestTold told)
    {
        foreach (var claim in told.Parts == 1 ? told.ClientClaims : peer.Interest.Clients.Values)
        {
            if (claim.Phase == ClaimPhase.Wanted)
            {
                continue;
            }

            foreach (var lost in _peers.Values.Where(other => other.Subscriber.Link is null))
            {
                lost.Interest.Supersede(claim.Client);
            }

            if (_clients.Find(claim.Client) is var (clientId, own, _) && own.Phase != ClaimPhase.Wanted
                && claim.HoldsAgainst(own, peer.Name, _node))
            {
                TaskObserver.Observe(EndSessionAsync(clientId), Crash);
            }
        }
    }

    private async Task EndSessionAsync(string clientId)
    {
        // Not on the thread of the bus, and not under its lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var client = ClientHash.Of(clientId);
        if (_clients.Find(client) is var (_, own, _) && ((IPeers)this).OwnersOf(client).Any(
            owner => owner.Claim.Phase != ClaimPhase.Wanted && owner.Claim.HoldsAgainst(own, owner.Node, _node)))
        {
            // Still: the session may have come back meanwhile, later than that one.
            await _broker.Releasing.EndAsync(clientId).ConfigureAwait(false);
        }
    }

    private void Apply(ImmutableArray<PeerTransition> transitions)
    {
        foreach (var (change, node, epoch, _, silence) in transitions)
        {
            switch (change)
            {
                case PeerChange.Joined:
                    Meet(node, epoch);
                    _events.Publish(new PeerJoined(node, epoch));
                    break;
                case PeerChange.Suspected:
                    _events.Publish(new PeerSuspected(node, silence));
                    break;
                case PeerChange.Back:
                    Greet(_peers[node]);
                    _events.Publish(new PeerBack(node, silence));
                    break;
                case PeerChange.Lost:
                    Lose(_peers[node]);
                    _events.Publish(new PeerLost(node, epoch, silence));
                    break;
                case PeerChange.Left:
                    Part(node);
                    _events.Publish(new PeerLeft(node));
                    break;
            }
        }

        if (!transitions.IsEmpty)
        {
            Review();
        }
    }

    private void Meet(string node, string epoch)
    {
        // Another run has the sessions that the one before kept: what is for these is kept until it takes it.
        var before = _peers.GetValueOrDefault(node);
        if (before is not null)
        {
            Lose(before);
            End(before);
            before.Subscriber.Unsettle();
        }

        var peer = Know(node, epoch, before);
        peer.Frames = _data.Subscribe(_subjects.Data(from: node, to: _node), peer.Receiver.Receive);
        Greet(peer);
    }

    private PeerNode Know(string node, string epoch, PeerNode? before)
    {
        var subscriber = before?.Subscriber ?? new ClusterPeer(_broker.Shares);
        var interest = before?.Interest ?? new PeerInterest(_broker.Tree, subscriber);
        if (before is null && _broker.Sessions.FindQueue(node) is { } queue)
        {
            interest.Restore(queue.Filters);
            subscriber.Lose(queue, _broker.Topics, _time);
        }

        var receiver = new LinkReceiver(
            subscriber, _broker.Peers.Publish, _durability, _time, mark => OnMark(node, subscriber, mark));
        var retained = new RetainedSync(
            subscriber, _broker.Retained, _broker.Peers, _durability, _data,
            (_subjects.Retained(from: _node, to: node), _subjects.Retained(from: node, to: _node)), (RunOf(_epoch), RunOf(epoch)), _time);
        var peer = _peers[node] = new PeerNode(node, epoch, subscriber, interest, receiver, retained);
        _retained.Set(_peers.Values.Select(known => known.Subscriber));
        return peer;
    }

    private void OnMark(string node, ClusterPeer subscriber, ulong mark)
    {
        _giver.OnMark(node, mark);
        _taker.OnMark(node, subscriber, mark);
    }

    /// <summary>A peer that is there, or there again, gets a link, and is asked what it wants.</summary>
    private void Greet(PeerNode peer)
    {
        if (peer.Subscriber.Link is null)
        {
            var link = new LinkSender(_data, _subjects.Data(from: _node, to: peer.Name), ++_lastLink, _links, _time);
            peer.Receiver.Sender = link;
            peer.Subscriber.Connect(link);
            peer.Confirmed = 0;
            if (peer.Subscriber.Queue is not null)
            {
                TaskObserver.Observe(DrainAsync(peer, link), Crash);
            }
        }
        else
        {
            peer.Subscriber.Link.Look(isBack: true);
        }

        Beat(_subjects.Of(peer.Name));
        Tell(_subjects.Of(peer.Name), new InterestWanted(_node, _epoch));
    }

    /// <summary>Nobody waits for a peer, and nothing is sent to it. What its sessions must not miss is kept for it.</summary>
    private void Lose(PeerNode peer)
    {
        peer.Receiver.Sender = null;
        if (peer.Subscriber.Link is null)
        {
            return;
        }

        peer.Interest.Leave();
        var isForIt = peer.Interest.KeptFilters.Any() && !(_isStopped && peer.Subscriber is { Queue: null, Link.IsSettled: true });
        var queue = isForIt ? _broker.Sessions.OpenQueue(peer.Name, peer.Interest.KeptFilters) : null;
        var (link, ticket, elsewhere) = peer.Subscriber.Lose(queue, _broker.Topics, _time);
        if (link is not null)
        {
            TaskObserver.Observe(ReleaseAsync(link, ticket, elsewhere), Crash);
        }
    }

    /// <summary>What waits for a peer waits for the store of this node now, and for other peers that have it instead.</summary>
    private async Task ReleaseAsync(LinkSender link, long ticket, AwaitList? elsewhere)
    {
        if (elsewhere is not null)
        {
            await elsewhere.WhenReachedAsync(_durability.Closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _durability.WhenReachedAsync(ticket, _durability.Closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_durability.IsReached(ticket))
        {
            link.Release();
        }
    }

    /// <summary>Makes room for another one: nodes of which each run has a name of its own would fill it up.</summary>
    private bool TryForgetALostPeer()
    {
        if (_peers.Values.FirstOrDefault(peer => peer.Subscriber.Link is null) is not { } lost)
        {
            return false;
        }

        ForgetLost(lost);
        return true;
    }

    private void ForgetLost(PeerNode lost)
    {
        Forget(lost.Name);
        _members = _members.Forget(lost.Name);
        _events.Publish(new PeerForgotten(lost.Name));
    }

    /// <summary>A peer has stopped. Sessions that it keeps wait for it.</summary>
    private void Part(string node)
    {
        if (_peers.GetValueOrDefault(node) is { } peer)
        {
            Lose(peer);
            if (peer.Interest.Clients.Count == 0 && !peer.Interest.KeptFilters.Any())
            {
                Forget(node);
            }
        }
    }

    private void Forget(string node)
    {
        if (_peers.Remove(node, out var before))
        {
            Lose(before);
            before.Interest.Clear();
            End(before);
            _retained.Set(_peers.Values.Select(known => known.Subscriber));
        }
    }

    private static void End(PeerNode peer)
    {
        peer.Receiver.End();
        peer.Frames?.Dispose();
        peer.Retained.Dispose();
    }

    /// <summary>Answers leave whose version all live peers have confirmed.</summary>
    private void Review()
    {
        var reached = Live().Select(peer => peer.Confirmed).DefaultIfEmpty(_own.Version).Min();
        _confirmed.Reach(reached);
        if (_allKnown is not null && IsAllKnown())
        {
            _allKnown.SetResult();
            _allKnown = null;
        }

        foreach (var peer in Live().Where(peer => peer.IsLagging && peer.Confirmed >= _pendingVersion))
        {
            peer.IsLagging = false;
            _events.Publish(new InterestConfirmed(peer.Name));
        }
    }

    /// <summary>An answer to SUBSCRIBE waits for so long only; who has kept it waiting is reported.</summary>
    private void LosePatience()
    {
        if (_pendingVersion <= _confirmed.Reached)
        {
            return;
        }

        var waited = _time.GetElapsedTime(_pendingSince);
        if (waited < _options.SubscribePatience)
        {
            return;
        }

        foreach (var peer in Live().Where(peer => !peer.IsLagging && peer.Confirmed < _pendingVersion))
        {
            peer.IsLagging = true;
            _events.Publish(new InterestLagging(peer.Name, waited));
        }

        _confirmed.Reach(_pendingVersion);
    }

    private void Join()
    {
        if (_hasJoined && !_isLate)
        {
            return;
        }

        var elapsed = Elapsed();
        _connectedAt ??= _control.IsConnected ? elapsed : null;

        // Who is there is heard within two heartbeats after the engine is connected.
        var isHeard = elapsed - _connectedAt >= 2 * _options.HeartbeatInterval;
        var late = elapsed >= _options.JoinPatience && !_isLate;
        ImmutableArray<string> missing = [.. Live().Where(peer => !peer.IsKnown || !peer.Retained.IsKnown).Select(peer => peer.Name)];
        if (late || (missing.IsEmpty && isHeard))
        {
            _hasJoined = true;
            _joined.TrySetResult();
            _isLate = !missing.IsEmpty;
            Review();
            _events.Publish(missing.IsEmpty ? new FleetJoined(Live().Count(), elapsed) : new FleetJoinLate(missing));
        }
    }

    private void ReportDrops(PeerNode peer)
    {
        var dropped = peer.Subscriber.Link?.Dropped ?? 0;
        var isDropping = dropped > peer.Dropped;
        if (isDropping != peer.IsDropping)
        {
            peer.IsDropping = isDropping;
            _events.Publish(isDropping ? new LinkDropping(peer.Name, dropped) : new LinkRecovered(peer.Name));
        }

        peer.Dropped = dropped;
    }

    /// <summary>Goes on with what is compared, and reports what this node could not take.</summary>
    private void LookAtRetained(PeerNode peer)
    {
        peer.Retained.Look();
        var missing = peer.Retained.Missing;
        if (missing != peer.Missing)
        {
            _events.Publish(missing > 0 ? new RetainedIncomplete(peer.Name, missing) : new RetainedComplete(peer.Name));
            peer.Missing = missing;
        }
    }

    private void Beat(string subject)
    {
        var at = _time.GetUtcNow();
        Tell(subject, new Beat(_node, _epoch, _own.Version, _settings(), at, _broker.Retained.Digest));
    }

    private static ulong RunOf(string epoch) => Epoch.TryParse(epoch, out var run) ? run.Value : 0;

    private void TellInterest(string subject, InterestDelta delta)
    {
        // Six bytes a letter at most, and half of it for the rest.
        var parts = InterestParts.Cut(delta, Math.Max(1_024, _control.LargestMessage / 12));
        for (var i = 0; i < parts.Count; i++)
        {
            Tell(subject, new InterestTold(
                _node, _epoch, delta.From, delta.To, i, parts.Count,
                [.. parts[i].Wanted.Where(one => one.Class == FilterClass.Fast).Select(one => one.Filter)],
                [.. parts[i].Wanted.Where(one => one.Class == FilterClass.Sure).Select(one => one.Filter)],
                parts[i].Unwanted,
                [.. parts[i].Claims.Select(claim => claim.ToString())],
                parts[i].Released,
                [.. parts[i].Wanted.Where(one => one.Class == FilterClass.Kept).Select(one => one.Filter)],
                parts[i].Shares));
        }
    }

    /// <summary>Whether this node has joined, and no live peer has still to say what it has; or it has waited long enough.</summary>
    private bool IsAllKnown() => _hasJoined && (_isLate || Live().All(peer => peer.IsKnown));

    /// <inheritdoc/>
    ImmutableArray<string> IPeers.Live => Peers;

    /// <inheritdoc/>
    bool IPeers.IsConnected => _control.IsConnected;

    /// <inheritdoc/>
    string? IPeers.EpochOf(string node)
    {
        lock (_lock)
        {
            return _peers.GetValueOrDefault(node) is { Subscriber.Link: not null } peer ? peer.Epoch : null;
        }
    }

    /// <inheritdoc/>
    ImmutableArray<ClientOwner> IPeers.OwnersOf(ulong client)
    {
        lock (_lock)
        {
            var owners = ImmutableArray.CreateBuilder<ClientOwner>();
            foreach (var peer in _peers.Values)
            {
                if (peer.Interest.Clients.TryGetValue(client, out var claim))
                {
                    owners.Add(new ClientOwner(peer.Name, claim, peer.Subscriber.Link is not null));
                }
            }

            return owners.ToImmutable();
        }
    }

    /// <inheritdoc/>
    async Task<bool> IPeers.WhenJoinedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _joined.Task.WaitAsync(_options.TakeOverPatience, _time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    async Task IPeers.WhenKnownAsync(CancellationToken cancellationToken)
    {
        Task known;
        lock (_lock)
        {
            if (_isStopped || IsAllKnown())
            {
                return;
            }

            _allKnown ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            known = _allKnown.Task;
        }

        try
        {
            await known.WaitAsync(_options.SubscribePatience, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // One that says nothing holds up nobody for longer.
        }
    }

    /// <inheritdoc/>
    void IPeers.Supersede(ulong client)
    {
        lock (_lock)
        {
            foreach (var lost in _peers.Values.Where(peer => peer.Subscriber.Link is null))
            {
                lost.Interest.Supersede(client);
            }
        }
    }

    /// <inheritdoc/>
    bool IPeers.IsSettled(string node)
    {
        lock (_lock)
        {
            return _peers.GetValueOrDefault(node)?.Subscriber is { Link: not null, Queue: null };
        }
    }

    /// <inheritdoc/>
    void IPeers.Mark(string node, ulong mark)
    {
        lock (_lock)
        {
            if (_peers.GetValueOrDefault(node)?.Subscriber is { Queue: null } peer)
            {
                peer.Link?.Mark(mark);
            }
        }
    }

    /// <inheritdoc/>
    void IPeers.TellAll(ControlMessage message) => Tell(_subjects.All, message);

    /// <inheritdoc/>
    void IPeers.Tell(string node, ControlMessage message) => Tell(_subjects.Of(node), message);

    /// <inheritdoc/>
    void IPeers.SendPiece(string node, ReadOnlySpan<byte> piece) => _data.TryPublish(_subjects.Pieces(node), piece);

    private void Tell(string subject, ControlMessage message) => _control.TryPublish(subject, message.ToBytes());

    /// <summary>The subjects of a fleet.</summary>
    /// <param name="fleet">Its name.</param>
    private sealed class Subjects(string fleet)
    {
        public string All { get; } = $"cassini.{fleet}.c.all";

        public string Of(string node) => $"cassini.{fleet}.c.node.{node}";

        public string Pieces(string to) => $"cassini.{fleet}.m.{to}";

        public string Data(string from, string to) => $"cassini.{fleet}.d.{to}.{from}";

        public string Retained(string from, string to) => $"cassini.{fleet}.r.{to}.{from}";
    }
}
