using System.Globalization;
using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Three nodes in virtual time that retain the same, on a network that delays, loses, repeats and cuts, and whose nodes crash and come
/// back: what was acknowledged is on each node that is ready, and when all is quiet each has the latest change of each topic.
/// </summary>
public class RetainedScheduleTests
{
    private static readonly string[] Topics = [.. Enumerable.Range(0, 12).Select(i => $"t/{i % 4}/{i}")];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Fleet_OnABadNetwork_RetainsTheSameOnAllNodes(int batch)
    {
        var given = Environment.GetEnvironmentVariable("FLEET_SEED");
        for (var i = 0; i < 10; i++)
        {
            await new Schedule(given is null ? (batch * 10) + i : int.Parse(given, CultureInfo.InvariantCulture)).RunAsync();
        }
    }

    private sealed class Schedule
    {
        private readonly int _seed;
        private readonly Random _random;
        private readonly VirtualClock _clock = new();
        private readonly SimulatedEngine _engine;
        private readonly List<SimulatedNode> _nodes = [];
        private readonly List<InMemoryStore> _stores = [];
        private readonly List<(string Topic, RetainedStamp Stamp, string? Payload)> _changes = [];
        private readonly List<(SimulatedNode Node, string Topic, RetainedStamp Stamp, Task<LocalVerdict> Acknowledged)> _pending = [];
        private int _step;

        public Schedule(int seed)
        {
            _seed = seed;
            _random = new Random(seed);
            _engine = new SimulatedEngine(_clock, _random);
        }

        public async Task RunAsync()
        {
            for (var i = 0; i < 3; i++)
            {
                _stores.Add(new InMemoryStore());
                _nodes.Add(Start(i));
            }

            _clock.AdvanceBy(TimeSpan.FromSeconds(5));
            _nodes.ShouldAllBe(node => node.Node.HasJoined && node.Node.Peers.Length == 2, Said("the fleet is whole"));
            for (_step = 0; _step < 150; _step++)
            {
                Step();
                CheckAcknowledged();
            }

            Calm();
            for (var i = 0; i < 60; i++)
            {
                _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
                CheckAcknowledged();
            }

            await Eventually.CompletesAsync(
                Said("every message is acknowledged"), Task.WhenAll(_pending.Select(one => one.Acknowledged)));
            CheckAcknowledged();
            var latest = _changes.GroupBy(change => change.Topic).Select(changes => changes.MaxBy(change => change.Stamp))
                .Where(change => change.Payload is not null)
                .ToDictionary(change => change.Topic, change => change.Payload!);
            foreach (var node in _nodes)
            {
                node.Node.HasJoined.ShouldBeTrue(Said($"{node.Name} is ready"));
                node.Retained().ShouldBe(latest, ignoreOrder: true, Said(node.Name));
                node.Broker.Retained.Digest.ShouldBe(_nodes[0].Broker.Retained.Digest, Said(node.Name));
            }

            _nodes.ForEach(node => node.Dispose());
        }

        private SimulatedNode Start(int index)
        {
            // Nobody gives a peer up, and none is ready too early: what then holds is promised without a condition.
            var options = new ClusterOptions { DeadAfter = TimeSpan.FromMinutes(30), JoinPatience = TimeSpan.FromMinutes(10) };
            return new SimulatedNode(_clock, _engine, $"n{index + 1}", options, store: _stores[index]);
        }

        private void Calm()
        {
            _engine.Heal();
            (_engine.Loss, _engine.Twice) = (0, 0);
            _nodes.ForEach(node => _engine.SetConnected(node.Name, true));
        }

        private void Step()
        {
            var index = _random.Next(_nodes.Count);
            var node = _nodes[index];
            switch (_random.Next(40))
            {
                case < 2:
                    _engine.Cut(node.Name, _nodes[_random.Next(_nodes.Count)].Name);
                    break;
                case < 5:
                    _engine.Heal();
                    break;
                case 5 or 6:
                    _engine.SetConnected(node.Name, _random.Next(2) == 0);
                    break;
                case 7 or 8:
                    (_engine.Loss, _engine.Twice) = (_random.Next(4) * 10, _random.Next(3) * 10);
                    _engine.MostDelay = TimeSpan.FromMilliseconds(1 + _random.Next(200));
                    break;
                case 9:
                    Restart(index);
                    break;
                case 10:
                    Purge(node, $"t/{_random.Next(4)}/#");
                    break;
                case < 25:
                    for (var i = _random.Next(5); i >= 0; i--)
                    {
                        Publish(node, Topics[_random.Next(Topics.Length)]);
                    }

                    break;
                default:
                    _clock.AdvanceBy(TimeSpan.FromMilliseconds(_random.Next(1, 900)));
                    break;
            }
        }

        private void Publish(SimulatedNode node, string topic)
        {
            if (!node.Node.HasJoined)
            {
                return;
            }

            var payload = _random.Next(4) == 0 ? null : $"{_changes.Count}";
            var qos = (QualityOfService)_random.Next(3);
            var acknowledged = node.PublishAsync(topic, payload ?? "", qos, retain: true);
            var stamp = node.StampOf(topic);
            _changes.Add((topic, stamp, payload));
            if (qos != QualityOfService.AtMostOnce)
            {
                _pending.Add((node, topic, stamp, acknowledged));
            }
        }

        private void Purge(SimulatedNode node, string filter)
        {
            var before = node.Retained();
            var search = node.Broker.Retained.Search(Encoding.UTF8.GetBytes(filter), long.MaxValue);
            node.Broker.Retained.RemoveSome(search, int.MaxValue, int.MaxValue);
            foreach (var topic in before.Keys.Except(node.Retained().Keys))
            {
                _changes.Add((topic, node.StampOf(topic), null));
            }
        }

        // The process is killed: nobody hears of it.
        private void Restart(int index)
        {
            var before = _nodes[index];
            _engine.SetConnected(before.Name, false);
            before.Dispose();
            _pending.RemoveAll(one => one.Node == before);
            _clock.AdvanceBy(TimeSpan.FromMilliseconds(_random.Next(10, 3_000)));
            Calm();
            _nodes[index] = Start(index);

            // A node that is cut off before it has heard of the others takes itself for alone.
            for (var i = 0; i < 50; i++)
            {
                _clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
                CheckAcknowledged();
                Publish(_nodes[_random.Next(_nodes.Count)], Topics[_random.Next(Topics.Length)]);
            }
        }

        private void CheckAcknowledged()
        {
            foreach (var (from, topic, stamp, _) in _pending.Where(one => one.Acknowledged.IsCompleted))
            {
                // Where a topic has no message, it does not matter which removal was the last one heard of.
                var isRemoved = _changes.Exists(change => change.Topic == topic && change.Stamp >= stamp && change.Payload is null);
                foreach (var node in _nodes.Where(node => node.Node.HasJoined && !(isRemoved && !node.Retained().ContainsKey(topic))))
                {
                    node.StampOf(topic).ShouldBeGreaterThanOrEqualTo(
                        stamp, Said($"{topic} of {from.Name} on {node.Name} was acknowledged"));
                }
            }

            _pending.RemoveAll(one => one.Acknowledged.IsCompleted);
        }

        private string Said(string what) => $"FLEET_SEED={_seed}: {what} (step {_step})";
    }
}
