using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Three nodes in virtual time, on a network that delays, loses, repeats and cuts: what the fleet promises holds after each schedule.
/// </summary>
public class FleetScheduleTests
{
    private static readonly string[] Topics = ["a/x", "a/y", "b/x"];
    private static readonly string[] Filters = ["a/x", "a/+", "#", "b/#", "+/x"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Fleet_OnABadNetwork_KeepsItsPromises(int batch)
    {
        var given = Environment.GetEnvironmentVariable("FLEET_SEED");
        for (var i = 0; i < 20; i++)
        {
            var seed = given is null ? (batch * 20) + i : int.Parse(given, CultureInfo.InvariantCulture);
            await new Schedule(seed).RunAsync();
        }
    }

    private sealed class Schedule
    {
        private readonly int _seed;
        private readonly Random _random;
        private readonly VirtualClock _clock = new();
        private readonly SimulatedEngine _engine;
        private readonly List<SimulatedNode> _nodes = [];
        private readonly List<Reader> _readers = [];
        private readonly List<Message> _messages = [];
        private int _step;

        public Schedule(int seed)
        {
            _seed = seed;
            _random = new Random(seed);
            _engine = new SimulatedEngine(_clock, _random);
        }

        public async Task RunAsync()
        {
            // Nobody gives a peer up, and no answer leaves before its time: what then holds is promised without a condition.
            var options = new ClusterOptions { DeadAfter = TimeSpan.FromMinutes(30), SubscribePatience = TimeSpan.FromMinutes(1) };
            foreach (var name in (string[])["n1", "n2", "n3"])
            {
                _nodes.Add(new SimulatedNode(_clock, _engine, name, options));
            }

            _clock.AdvanceBy(TimeSpan.FromSeconds(5));
            _nodes.ShouldAllBe(node => node.Node.HasJoined && node.Node.Peers.Length == 2, Said("the fleet is whole"));
            for (_step = 0; _step < 150; _step++)
            {
                Step();
                ReadAll();
            }

            _engine.Heal();
            (_engine.Loss, _engine.Twice) = (0, 0);
            _nodes.ForEach(node => _engine.SetConnected(node.Name, true));
            for (var i = 0; i < 60; i++)
            {
                _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
                ReadAll();
            }

            Check();
            await Eventually.CompletesAsync(
                Said("every message is acknowledged"), Task.WhenAll(_messages.Select(message => message.Acknowledged)));
            _nodes.ForEach(node => node.Dispose());
        }

        private void Step()
        {
            var node = _nodes[_random.Next(_nodes.Count)];
            switch (_random.Next(20))
            {
                case < 2:
                    var filter = Filters[_random.Next(Filters.Length)];
                    var subscriber = node.Subscribe(filter, out var answer);
                    _readers.Add(new Reader(node, filter, subscriber, answer));
                    break;
                case 2 when _readers.Count > 0:
                    var leaving = _readers[_random.Next(_readers.Count)];
                    if (!leaving.HasLeft)
                    {
                        leaving.HasLeft = true;
                        leaving.Node.Client.Close(leaving.Subscriber);
                    }

                    break;
                case 3:
                    _engine.Cut(node.Name, _nodes[_random.Next(_nodes.Count)].Name);
                    break;
                case 4:
                    _engine.Heal();
                    break;
                case 5:
                    _engine.SetConnected(node.Name, _random.Next(2) == 0);
                    break;
                case 6:
                    (_engine.Loss, _engine.Twice) = (_random.Next(4) * 10, _random.Next(3) * 10);
                    _engine.MostDelay = TimeSpan.FromMilliseconds(1 + _random.Next(200));
                    break;
                case < 13:
                    for (var i = _random.Next(5); i >= 0; i--)
                    {
                        Publish(node);
                    }

                    break;
                default:
                    _clock.AdvanceBy(TimeSpan.FromMilliseconds(_random.Next(1, 700)));
                    break;
            }
        }

        private void Publish(SimulatedNode node)
        {
            var topic = Topics[_random.Next(Topics.Length)];
            var qos = (QualityOfService)_random.Next(3);
            var known = _readers.Where(reader => reader.IsAnswered).ToHashSet();
            var acknowledged = node.PublishAsync(topic, $"{_messages.Count}", qos);
            _messages.Add(new Message(_messages.Count, node.Name, topic, qos, acknowledged, known));
        }

        private void ReadAll()
        {
            foreach (var reader in _readers.Where(reader => !reader.HasLeft))
            {
                while (reader.Subscriber.TryRead(out var read))
                {
                    reader.Got.Add(int.Parse(read.Message.Payload.Span, CultureInfo.InvariantCulture));
                }
            }
        }

        private void Check()
        {
            foreach (var reader in _readers.Where(reader => !reader.HasLeft))
            {
                var got = reader.Got.Select(number => _messages[number]).ToList();
                got.ShouldAllBe(message => message.QoS == QualityOfService.AtMostOnce || got.Count(other => other == message) == 1,
                    Said($"{reader} gets each message once"));
                foreach (var group in got.GroupBy(message => (message.Node, message.Topic, message.QoS)))
                {
                    group.Select(message => message.Number).ShouldBeInOrder(
                        SortDirection.Ascending, Said($"{reader} gets {group.Key} in order"));
                }

                _messages.Where(message => message.QoS != QualityOfService.AtMostOnce && message.Known.Contains(reader)
                        && TopicFilter.Matches(MqttText.Encode(reader.Filter), MqttText.Encode(message.Topic)))
                    .Select(message => message.Number).Except(reader.Got)
                    .ShouldBeEmpty(Said($"{reader} had its answer before these were published"));
            }

            foreach (var node in _nodes)
            {
                // A peer is a subscriber that is not listed: what a route has of it is what it wants.
                foreach (var topic in Topics)
                {
                    var wants = _nodes.Count(other => other != node && _readers.Exists(reader => !reader.HasLeft && reader.Node == other
                        && TopicFilter.Matches(MqttText.Encode(reader.Filter), MqttText.Encode(topic))));
                    node.Broker.Tree.Match(MqttText.Encode(topic)).Subscriptions.Count(subscription => subscription.Subscriber.IsPeer)
                        .ShouldBe(wants, Said($"what {node.Name} knows of {topic}"));
                }
            }
        }

        private string Said(string what) => $"FLEET_SEED={_seed}: {what} (step {_step})";
    }

    private sealed class Reader(SimulatedNode node, string filter, LocalSubscriber subscriber, AwaitList? answer)
    {
        public SimulatedNode Node => node;

        public string Filter => filter;

        public LocalSubscriber Subscriber => subscriber;

        public bool HasLeft { get; set; }

        public bool IsAnswered => !HasLeft && answer is not { IsReached: false };

        public List<int> Got { get; } = [];

        public override string ToString() => $"{filter} on {node.Name}";
    }

    private sealed record Message(
        int Number, string Node, string Topic, QualityOfService QoS, Task<LocalVerdict> Acknowledged, HashSet<Reader> Known);
}
