using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Cluster.Retained;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;

namespace Cassini.Streams.Cluster;

/// <summary>
/// This broker as a node of a fleet: says that it lives and what its clients want, hears the same of its peers, and has a link to each.
/// Thread-safe. Its lock is taken before that of the tree.
/// </summary>
internal sealed class ClusterNode : IDisposable
{
    /// <summary>How long the end waits for what goes on in the background. The services of a host have five seconds by default.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    private readonly ClusterOptions _options;
    private readonly NodeRun _self;
    private readonly MqttBroker _broker;
    private readonly (NamedBus Control, NamedBus Data) _buses;
    private readonly TimeProvider _time;
    private readonly NodeLock _lock;
    private readonly NodeTasks _tasks = new();
    private readonly NodeName _name;
    private readonly ControlSender _sender;
    private readonly PeerTable _table;
    private readonly JoinGate _join;
    private readonly FleetPeers _peers;
    private readonly SessionMoves _moves;
    private readonly InterestTeller _teller;
    private readonly Heartbeat _heartbeat;
    private readonly ControlLine _line;

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
        _self = new NodeRun(node, epoch.ToString());
        _broker = broker;
        var messages = new NamedBus(data);
        _buses = (new NamedBus(control, messages), messages);
        _time = time;
        _lock = new NodeLock(events);
        var subjects = new Subjects(options.Name);
        var confirmed = new PeerWatermark();
        Standings? standings = null;
        var own = new OwnInterest(confirmed, () => _teller!.Schedule());
        var clients = new OwnClients(own, time);
        _name = new NodeName(_self, options, subjects, _buses, _lock, _tasks, time);
        _sender = new ControlSender(_self, subjects, _buses.Control, own, settings, broker.Retained, () => standings!.Own, time);
        var factory = new PeerFactory(
            _self, subjects, broker, durability, _buses.Data, links ?? new LinkOptions(), peer => _moves!.OnMet(peer),
            (from, peer, mark) => _moves!.OnMark(from, peer, mark), time);
        var kept = new KeptClients(_self, options, () => _table!.All, () => _join!.HasJoined, clients, broker.Sessions);
        var delivery = new KeptDelivery(
            _self, options, broker, durability, _sender, kept, node => _table!.Find(node), () => _join!.HasJoined, _lock, _tasks, time);
        var peerLinks = new PeerLinks(_self, options, factory, broker, durability, _sender, kept, delivery, _tasks, time);
        standings = new Standings(_self, options, () => _table!.All, () => _join!.HasJoined, peerLinks, _sender, time);
        _table = new PeerTable(options, factory, peerLinks, delivery, standings, Replicate(broker.Retained), _sender, _lock, time);
        _join = new JoinGate(options, _table, own, confirmed, _buses.Control, _name, _lock, time);
        var watch = new PeerWatch(options, settings, _lock, time);
        var conflicts = new SessionConflicts(_self, _table, clients, broker, _lock, _tasks);
        _peers = new FleetPeers(_table, _join, conflicts, kept, _sender, (_buses.Control, _buses.Data), subjects, _lock);
        _moves = new SessionMoves(
            _self, options, broker, durability, own, confirmed, clients, _peers, events, time, _tasks);
        _teller = new InterestTeller(own, _table, _join, _sender, _lock, _tasks, time);
        var receiver = new ControlReceiver(_self, _table, standings, peerLinks, delivery, _join, watch, conflicts, _sender);
        _line = new ControlLine(_self, subjects, _buses, _name, _table, _join, receiver, _moves, _sender, _lock);
        _heartbeat = new Heartbeat(_table, _join, watch, _moves, _sender, _line, broker.Retained, _lock, _tasks, time);
        broker.Tree.Interest = own;
    }

    /// <summary>Carries what nodes say to each other, while this node has its name.</summary>
    public IBus Bus => _buses.Control;

    /// <summary>Whether it knows what all live peers want, or has waited long enough for it. Any thread.</summary>
    public bool HasJoined => _peers.HasJoined;

    /// <summary>The peers that are not lost, by their names. Any thread.</summary>
    public ImmutableArray<string> Peers => _peers.Live;

    /// <inheritdoc cref="FleetPeers.OwnersOf"/>
    public ImmutableArray<ClientOwner> OwnersOf(ulong client) => _peers.OwnersOf(client);

    /// <inheritdoc cref="FleetPeers.Links"/>
    public ImmutableDictionary<string, (NodeLinks Links, NodeInterest Interest)> Links => _peers.Links;

    /// <inheritdoc cref="FleetPeers.Forget"/>
    public void ForgetLost(string node) => _peers.Forget(node);

    /// <summary>Begins to say that it lives, and to hear others. Call it once, before clients are served.</summary>
    public void Start()
    {
        using (_lock.Enter())
        {
            _lock.NoteLocked(new FleetEntered(_self.Node, _options.Name, _options.IsolationGrace, _options.ReadyAlone));
        }

        _line.Start(_broker.Sessions.Queues);
        _name.Start();
        _heartbeat.Start(_options.HeartbeatInterval);
    }

    /// <summary>
    /// Keeps both connections until it is cancelled. Then it has said that it stops, and what went on in the background is over, or has had
    /// its time.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource();
        var failed = _tasks.WatchFailures();
        Task[] running = [_buses.Control.RunAsync(end.Token), _buses.Data.RunAsync(end.Token)];
        Task ended = Task.WhenAny([.. running, failed]);
        await ended.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested)
        {
            Stop();
            await _tasks.WhenIdle().WaitAsync(StopPatience, _time, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // One that has ended by itself has failed: the other ends with it, and both begin anew.
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
        if (failed.IsFaulted)
        {
            await failed.ConfigureAwait(false);
        }
    }

    /// <summary>Says that it stops, and ends all links: nobody waits for peers any more. Any number of times.</summary>
    public void Stop()
    {
        using (_lock.Enter())
        {
            if (_table.IsStopped)
            {
                return;
            }

            _sender.TellAll(new Farewell(_self.Node, _self.Epoch));
            _table.Stop();
            _join.Stop();
        }

        _name.Dispose();
        _line.Dispose();
        _moves.Dispose();
    }

    /// <summary>Stops if need be.</summary>
    public void Dispose()
    {
        Stop();
        _heartbeat.Dispose();
        _teller.Dispose();
    }

    /// <summary>What this broker retains is what the fleet retains from now on.</summary>
    private RetainedPeers Replicate(RetainedMessages retained)
    {
        var peers = new RetainedPeers();
        var (run, name) = (HashOf($"{_self.Node} {_self.Epoch}"), HashOf(_self.Node));
        retained.Replicate(
            new RetainedClock(run, _time), (_options.MaxRemoved, _options.KeepRemoved), new RetainedStamp(1, name), peers);
        return peers;

        static ulong HashOf(string text) => FleetHash.Of(Encoding.UTF8.GetBytes(text));
    }
}
