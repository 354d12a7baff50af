using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Three nodes in virtual time whose clients go from one to another, while others publish on all of them, the network loses and repeats,
/// stores cannot be read for a while, and nodes are killed and come back: no session is lost, and each has what was acknowledged.
/// </summary>
/// <remarks>
/// Moves use the thread pool, so a seed gives the same orders, and nearly the same times. What fails is run once more, but not in a long
/// run, which is for a machine that has nothing else to do.
/// </remarks>
[CollectionDefinition(nameof(SessionScheduleTests), DisableParallelization = true)]
[Collection(nameof(SessionScheduleTests))]
public class SessionScheduleTests
{
    [Theory]
    [MemberData(nameof(SimulatedFleet.Batches), MemberType = typeof(SimulatedFleet))]
    public Task Sessions_GoFromNodeToNode_LoseAndDoubleNothing(int batch) => RunAsync(batch, isPartitioned: false);

    [Theory]
    [MemberData(nameof(SimulatedFleet.Batches), MemberType = typeof(SimulatedFleet))]
    public Task Sessions_GoWhileNodesGiveEachOtherUp_LoseNothing(int batch) => RunAsync(batch, isPartitioned: true);

    private static Task RunAsync(int batch, bool isPartitioned) => SimulatedFleet.RunAsync(batch, 15, async seed =>
    {
        try
        {
            await RunOneAsync(seed, isPartitioned);
        }
        catch (InvalidOperationException failure) when (!SimulatedFleet.IsLong)
        {
            // Where work on the pool had no processor for a while, time went on without it, and deadlines passed that should not have.
            TestContext.Current.SendDiagnosticMessage("{0}", failure.Message);
            await RunOneAsync(seed, isPartitioned);
        }
    });

    private static async Task RunOneAsync(int seed, bool isPartitioned)
    {
        // Not on the threads of the tests, of which there are few.
        var schedule = new Schedule(seed, isPartitioned);
        try
        {
            await Task.Run(schedule.RunAsync);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{failure.Message}\n{schedule.Log}", failure);
        }
    }

    private sealed class Schedule
    {
        private readonly SimulatedFleet _fleet;
        private readonly RoamingClients _clients;
        private readonly ClusterOptions _options;
        private readonly InMemoryStore[] _stores;
        private readonly List<Message> _messages = [];
        private readonly bool _givesUp;
        private readonly bool _isPartitioned;
        private readonly int[] _failures = new int[3];
        private readonly int[] _killedAt = new int[3];
        private readonly List<string> _log = [];

        public Schedule(int seed, bool isPartitioned)
        {
            _isPartitioned = isPartitioned;
            _fleet = new SimulatedFleet(seed, new Random(seed + 1_000_000));
            _clients = new RoamingClients(_fleet);
            _stores = [.. Enumerable.Range(0, _fleet.Size).Select(_ => new InMemoryStore { GivesBack = true, Time = _fleet.Clock.Time })];

            // Else whoever gives a node up must be right: then nothing is cut.
            _givesUp = _isPartitioned || _fleet.Random.Next(3) == 0;
            _options = new ClusterOptions
            {
                DeadAfter = _givesUp ? TimeSpan.FromSeconds(4) : TimeSpan.FromMinutes(30),
                JoinPatience = TimeSpan.FromMinutes(10),
                SubscribePatience = TimeSpan.FromMinutes(1),
            };
        }

        /// <summary>What happened, for people.</summary>
        public string Log
        {
            get
            {
                lock (_log)
                {
                    return string.Join("\n", _log);
                }
            }
        }

        public async Task RunAsync()
        {
            for (var i = 0; i < _fleet.Size; i++)
            {
                Start(i);
            }

            await _clients.AdvanceAsync(TimeSpan.FromSeconds(5));
            _fleet.CheckWhole();
            foreach (var (id, qos) in (ReadOnlySpan<(string, QualityOfService)>)
                [("c0", QualityOfService.ExactlyOnce), ("c1", QualityOfService.AtLeastOnce), ("c2", QualityOfService.ExactlyOnce)])
            {
                _clients.All.Add(new RoamingClient(id, qos, Note));
            }

            await _clients.ConnectAsync("t/#");
            for (; _fleet.Step < 120; _fleet.Step++)
            {
                await StepAsync();
            }

            await EndAsync();
            Check();
            await Eventually.CompletesAsync(
                Said("every message is acknowledged"),
                Task.WhenAll(_messages.Where(message => !message.IsLost).Select(message => message.Acknowledged)));
            await _clients.EndAsync();
            _fleet.Stop();
        }

        private void Start(int index)
        {
            var store = _stores[index];
            store.Reading = () =>
            {
                if (Interlocked.Decrement(ref _failures[index]) >= 0)
                {
                    throw new IOException("it cannot be read for now");
                }
            };

            // So little is in memory that most of what waits is in the store alone.
            var node = _fleet.Start(
                index, _options, store, new BrokerOptions { MaxQueuedInMemory = 64, ConnectTimeout = TimeSpan.FromMinutes(10) });
            node.Events.Published = happened => Note($"{node.Name}: {happened}");
            Note($"{node.Name} starts");
        }

        private async Task StepAsync()
        {
            var index = _fleet.Random.Next(_fleet.Size);
            var node = _fleet[index];
            switch (_fleet.Random.Next(40))
            {
                case 0 or 2 when _isPartitioned:
                    await PartAsync(node);
                    break;
                case 0 when !_givesUp:
                    _fleet.Cut(node);
                    break;
                case 1:
                    _fleet.Engine.Heal();
                    break;
                case 2 when !_givesUp:
                    _fleet.Engine.SetConnected(node.Name, false);
                    break;
                case 3 or 4:
                    _fleet.Calm();
                    break;
                case 5 or 6:
                    _fleet.Disturb(losses: _givesUp ? 2 : 4);
                    break;
                case 7:
                    await RestartAsync(index);
                    break;
                case 8:
                    Volatile.Write(ref _failures[index], _fleet.Random.Next(1, 4));
                    break;
                case 9 or 10:
                    var sleepy = _clients.Any();
                    sleepy.IsAsleep = !sleepy.IsAsleep;
                    break;
                case < 17:
                    await RoamAsync();
                    break;
                case < 27:
                    PublishSome(node);
                    break;
                default:
                    await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(_fleet.Random.Next(1, 700)));
                    break;
            }
        }

        /// <summary>
        /// A node is cut off for a while, in which all go on. A session whose move is cut off may be on both sides then, and one that moves
        /// while it is cut off or back may get some messages twice.
        /// </summary>
        private async Task PartAsync(SimulatedNode node)
        {
            for (var i = 0; _clients.All.Exists(client => client.IsConnecting); i++)
            {
                i.ShouldBeLessThan(1_000, Said("moves end"));
                await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(100));
            }

            var before = _messages.TakeWhile(message => message.Acknowledged.IsCompleted).Count();
            var hasMoved = false;
            var others = _fleet.Live.Where(other => other != node).ToList();
            if (_fleet.Random.Next(3) == 0)
            {
                others.RemoveAt(_fleet.Random.Next(others.Count));
            }

            Note($"{node.Name} is cut off from {string.Join(", ", others.Select(other => other.Name))}");
            foreach (var other in others)
            {
                _fleet.Engine.Cut(node.Name, other.Name);
                _fleet.Engine.Cut(other.Name, node.Name);
            }

            for (var i = _fleet.Random.Next(24); i >= 0; i--)
            {
                PublishSome(_fleet.Any());
                await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(_fleet.Random.Next(10, 700)));
                if (_fleet.Random.Next(3) == 0)
                {
                    await RoamAsync();
                    hasMoved = true;
                }
            }

            Note("it is not any more");
            _fleet.Calm();

            // Who has which session is known to those that have heard each other since: until then no other one may fail.
            for (var i = 0; !_fleet.Live.All(IsWhole) || _clients.All.Exists(client => client.IsConnecting); i++)
            {
                i.ShouldBeLessThan(100, Said("it is one fleet again"));
                await _clients.AdvanceWellAsync(TimeSpan.FromMilliseconds(_fleet.Random.Next(10, 800)));
            }

            foreach (var message in _messages.Skip(before))
            {
                message.MayComeTwice |= hasMoved;
            }

            bool IsWhole(SimulatedNode one) => one.Node.Peers.Length == _fleet.Size - 1
                && one.Node.Links.Values.All(peer => peer.Interest.Known) && !one.Broker.Sessions.Queues.Any();
        }

        private void PublishSome(SimulatedNode node)
        {
            for (var i = _fleet.Random.Next(5); i >= 0 && node.Node.HasJoined; i--)
            {
                var qos = (QualityOfService)_fleet.Random.Next(1, 3);
                var number = _messages.Count;
                Note($"{number} of QoS {(int)qos} on {node.Name}");
                _messages.Add(new Message(number, node, qos, node.PublishAsync($"t/{node.Name}", $"{number}", qos)));
            }
        }

        private async Task RoamAsync()
        {
            var client = _clients.Any();
            var ready = _fleet.Live.Where(node => node.Node.HasJoined).ToArray();
            if (client.IsConnecting || ready.Length == 0)
            {
                return;
            }

            var first = ready[_fleet.Random.Next(ready.Length)];
            switch (_fleet.Random.Next(8))
            {
                case 0 or 1:
                    await client.LeaveAsync(isPolite: _fleet.Random.Next(2) == 0);
                    break;
                case 2 or 3 when ready.Length > 1:
                    await client.ConnectAsync(first, ready.First(node => node != first));
                    break;
                default:
                    await client.ConnectAsync(first);
                    break;
            }
        }

        // The process is killed: nobody hears of it. Another run goes on with what it has stored.
        private async Task RestartAsync(int index)
        {
            var killed = _fleet[index];
            foreach (var message in _messages)
            {
                var isAcknowledged = message.Acknowledged.IsCompleted;

                // What is kept for a node that was killed, and is being sent to it, may have come when either is killed.
                message.MayComeTwice |= !isAcknowledged || IsBeingSent(message, to: index)
                    || (message.Node == killed && Enumerable.Range(0, _fleet.Size).Any(to => IsBeingSent(message, to)));
                message.IsLost |= !isAcknowledged && message.Node == killed;
            }

            _killedAt[index] = _messages.Count;
            Note($"{killed.Name} is killed");
            _fleet.Kill(index);
            _stores[index] = _stores[index].Copy();
            _clients.All.ForEach(client => client.Lose(killed));
            killed.Dispose();
            for (var i = _fleet.Random.Next(_givesUp ? 12 : 4); i >= 0; i--)
            {
                await BetweenAsync();
            }

            _fleet.Calm();
            Start(index);

            // A node that is cut off before it has heard of the others takes itself for alone.
            for (var i = 0; i < 8 || _fleet.Live.Any(node => node.Node.Peers.Length < 2 || !node.Node.HasJoined); i++)
            {
                i.ShouldBeLessThan(100, Said("it is one fleet again"));
                await BetweenAsync();
            }

            async Task BetweenAsync()
            {
                var live = _fleet.Live.ToList();
                PublishSome(live[_fleet.Random.Next(live.Count)]);
                await _clients.AdvanceAsync(TimeSpan.FromMilliseconds(_fleet.Random.Next(10, 800)));
                if (_fleet.Random.Next(3) == 0)
                {
                    await RoamAsync();
                }
            }
        }

        private bool IsBeingSent(Message message, int to) =>
            message.Number >= _killedAt[to] && message.Node.Broker.Sessions.FindQueue($"n{to + 1}") is not null;

        private async Task EndAsync()
        {
            _fleet.Calm();
            _fleet.Engine.MostDelay = TimeSpan.FromMilliseconds(1);
            Array.Clear(_failures);
            _clients.All.ForEach(client => client.IsAsleep = false);
            for (var i = 0; i < 40 && !IsDone(); i++)
            {
                await GoOnAsync();
            }

            try
            {
                // The machine may have had other work.
                await Eventually.BecomesAsync(Said("all is done"), IsDoneSoonAsync, isDone => isDone);
            }
            catch (TimeoutException)
            {
                // The check says what is missing.
            }

            // What comes too often would come now.
            for (var i = 0; i < 10; i++)
            {
                await GoOnAsync();
            }
        }

        private async ValueTask<bool> IsDoneSoonAsync()
        {
            if (!IsDone())
            {
                await GoOnAsync();
            }

            return IsDone();
        }

        private async Task GoOnAsync()
        {
            await _clients.AdvanceWellAsync(TimeSpan.FromMilliseconds(500));
            foreach (var client in _clients.All.Where(client => !client.IsConnected && !client.IsConnecting))
            {
                await client.ConnectAsync(_fleet.Any());
            }
        }

        private bool IsDone() => _clients.All.TrueForAll(client => client.IsConnected && client.Open.Count() == 1
                && MissingOf(client).Count == 0 && HoldersOf(client) is [var holder]
                && _fleet.Live.All(node => IsKnown(node, client, holder)))
            && _fleet.Live.All(node => !node.Broker.Sessions.Queues.Any()
                && node.Broker.Sessions.Count == node.Broker.Sessions.All.Count(session => !session.IsLeaving))
            && _messages.TrueForAll(message => message.IsLost || message.Acknowledged.IsCompleted);

        private List<SimulatedNode> HoldersOf(RoamingClient client) =>
            [.. _fleet.Live.Where(node => node.Broker.FindSession(client.Id) is not null)];

        /// <summary>Whether a node knows which one has the session of a client, and that no other one wants it.</summary>
        private static bool IsKnown(SimulatedNode node, RoamingClient client, SimulatedNode holder)
        {
            var owners = node.Node.OwnersOf(ClientHash.Of(client.Id));
            return node == holder
                ? owners.IsEmpty
                : owners is [{ Claim.Phase: ClaimPhase.Kept } owner] && owner.Node == holder.Name;
        }

        private List<int> MissingOf(RoamingClient client) =>
            [.. _messages.Where(message => !message.IsLost && message.Acknowledged.IsCompleted).Select(message => message.Number)
                .Except(client.Got)];

        private void Check()
        {
            foreach (var client in _clients.All)
            {
                client.Faults.ShouldBeEmpty(Said($"{client.Id}"));
                client.IsConnecting.ShouldBeFalse(Said($"{client.Id} hangs"));
                client.IsConnected.ShouldBeTrue(Said($"{client.Id} is refused"));
                client.Open.Count().ShouldBe(1, Said($"connections of {client.Id}: {string.Join(", ", client.Open)}"));
                var missing = MissingOf(client);
                missing.ShouldBeEmpty(Said($"{client.Id} lacks what was acknowledged"));
                foreach (var group in client.Got.GroupBy(number => (_messages[number].Node.Name, _messages[number].QoS)))
                {
                    group.Distinct().ShouldBeInOrder(
                        SortDirection.Ascending, Said($"{client.Id} gets those of {group.Key} in order"));
                    if (group.Key.QoS == QualityOfService.ExactlyOnce && client.QoS == QualityOfService.ExactlyOnce)
                    {
                        var twice = group.GroupBy(number => number)
                            .Where(one => one.Count() > 1 && !_messages[one.Key].MayComeTwice).Select(one => one.Key).ToList();
                        twice.ShouldBeEmpty(Said($"{client.Id} gets those once"));
                    }
                }

                var holder = HoldersOf(client).ShouldHaveSingleItem(Said($"nodes that have the session of {client.Id}"));
                foreach (var node in _fleet.Live)
                {
                    IsKnown(node, client, holder).ShouldBeTrue(Said(
                        $"{node.Name} knows of {client.Id}: {string.Join(", ", node.Node.OwnersOf(ClientHash.Of(client.Id)))}"));
                }
            }

            foreach (var node in _fleet.Live)
            {
                node.Broker.Sessions.All.ShouldAllBe(session => !session.IsLeaving, Said($"nothing leaves {node.Name}"));
                node.Broker.Sessions.Count.ShouldBe(node.Broker.Sessions.All.Count(), Said($"nothing arrives at {node.Name}"));
                node.Broker.Sessions.Queues.ShouldBeEmpty(Said($"{node.Name} keeps nothing for others"));
            }
        }

        private void Note(string what)
        {
            lock (_log)
            {
                _log.Add($"{At}: {what}");
            }
        }

        private string At => $"{_fleet.Clock.Elapsed.TotalSeconds:F3} (step {_fleet.Step})";

        private string Said(string what) => _fleet.Said(what);
    }

    private sealed record Message(int Number, SimulatedNode Node, QualityOfService QoS, Task<LocalVerdict> Acknowledged)
    {
        /// <summary>Whether the process of its node was killed before it was acknowledged.</summary>
        public bool IsLost { get; set; }

        /// <summary>
        /// Whether a node was killed before it was acknowledged, which may have had it, or one was cut off while sessions moved.
        /// </summary>
        public bool MayComeTwice { get; set; }
    }
}
