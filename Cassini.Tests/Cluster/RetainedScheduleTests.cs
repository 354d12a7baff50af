using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Three nodes in virtual time that retain the same, on a network that delays, loses, repeats and cuts, and whose nodes crash and come
/// back: what was acknowledged is on each node that is ready, and when all is quiet each has the latest change of each topic.
/// </summary>
public class RetainedScheduleTests
{
    private static readonly string[] Topics = [.. Enumerable.Range(0, 12).Select(i => $"t/{i % 4}/{i}")];

    [Theory]
    [MemberData(nameof(SimulatedFleet.Batches), MemberType = typeof(SimulatedFleet))]
    public Task Fleet_OnABadNetwork_RetainsTheSameOnAllNodes(int batch) =>
        SimulatedFleet.RunAsync(batch, 10, static seed => new Schedule(seed).RunAsync());

    private sealed class Schedule(int seed)
    {
        // Nobody gives a peer up, and none is ready too early: what then holds is promised without a condition.
        private static readonly ClusterOptions Options =
            new() { DeadAfter = TimeSpan.FromMinutes(30), JoinPatience = TimeSpan.FromMinutes(10) };

        private readonly SimulatedFleet _fleet = new(seed);
        private readonly InMemoryStore[] _stores = [new(), new(), new()];
        private readonly List<(string Topic, RetainedStamp Stamp, string? Payload)> _changes = [];
        private readonly List<(SimulatedNode Node, string Topic, RetainedStamp Stamp, Task<LocalVerdict> Acknowledged)> _pending = [];

        public async Task RunAsync()
        {
            _fleet.StartAll(Options, _stores);
            for (; _fleet.Step < 150; _fleet.Step++)
            {
                Step();
                CheckAcknowledged();
            }

            _fleet.CalmDown(CheckAcknowledged);
            await Eventually.CompletesAsync(
                Said("every message is acknowledged"), Task.WhenAll(_pending.Select(one => one.Acknowledged)));
            CheckAcknowledged();
            var latest = _changes.GroupBy(change => change.Topic).Select(changes => changes.MaxBy(change => change.Stamp))
                .Where(change => change.Payload is not null)
                .ToDictionary(change => change.Topic, change => change.Payload!);
            foreach (var node in _fleet.Live)
            {
                node.Node.HasJoined.ShouldBeTrue(Said($"{node.Name} is ready"));
                node.Retained().ShouldBe(latest, ignoreOrder: true, Said(node.Name));
                node.Broker.Retained.Digest.ShouldBe(_fleet[0].Broker.Retained.Digest, Said(node.Name));
            }

            _fleet.Stop();
        }

        private void Step()
        {
            var index = _fleet.Random.Next(_fleet.Size);
            var node = _fleet[index];
            switch (_fleet.Random.Next(40))
            {
                case < 2:
                    _fleet.Cut(node);
                    break;
                case < 5:
                    _fleet.Engine.Heal();
                    break;
                case 5 or 6:
                    _fleet.ConnectOrNot(node);
                    break;
                case 7 or 8:
                    _fleet.Disturb();
                    break;
                case 9:
                    Restart(index);
                    break;
                case 10:
                    Purge(node, $"t/{_fleet.Random.Next(4)}/#");
                    break;
                case < 25:
                    for (var i = _fleet.Random.Next(5); i >= 0; i--)
                    {
                        Publish(node, Topics[_fleet.Random.Next(Topics.Length)]);
                    }

                    break;
                default:
                    _fleet.AdvanceSome(900);
                    break;
            }
        }

        private void Publish(SimulatedNode node, string topic)
        {
            if (!node.Node.HasJoined)
            {
                return;
            }

            var payload = _fleet.Random.Next(4) == 0 ? null : $"{_changes.Count}";
            var qos = (QualityOfService)_fleet.Random.Next(3);
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

        private void Restart(int index)
        {
            var killed = _fleet.Kill(index);
            killed.Dispose();
            _pending.RemoveAll(one => one.Node == killed);
            _fleet.Clock.AdvanceBy(TimeSpan.FromMilliseconds(_fleet.Random.Next(10, 3_000)));
            _fleet.Calm();
            _fleet.Start(index, Options, _stores[index]);

            // A node that is cut off before it has heard of the others takes itself for alone.
            for (var i = 0; i < 50; i++)
            {
                _fleet.Clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
                CheckAcknowledged();
                Publish(_fleet.Any(), Topics[_fleet.Random.Next(Topics.Length)]);
            }
        }

        private void CheckAcknowledged()
        {
            foreach (var (from, topic, stamp, _) in _pending.Where(one => one.Acknowledged.IsCompleted))
            {
                // Where a topic has no message, it does not matter which removal was the last one heard of.
                var isRemoved = _changes.Exists(change => change.Topic == topic && change.Stamp >= stamp && change.Payload is null);
                foreach (var node in _fleet.Live.Where(node => node.Node.HasJoined && !(isRemoved && !node.Retained().ContainsKey(topic))))
                {
                    node.StampOf(topic).ShouldBeGreaterThanOrEqualTo(
                        stamp, Said($"{topic} of {from.Name} on {node.Name} was acknowledged"));
                }
            }

            _pending.RemoveAll(one => one.Acknowledged.IsCompleted);
        }

        private string Said(string what) => _fleet.Said(what);
    }
}
