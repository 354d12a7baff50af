using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>
/// Three nodes in virtual time, on a network that delays, loses, repeats and cuts: what the fleet promises holds after each schedule.
/// </summary>
public class FleetScheduleTests
{
    private static readonly string[] Topics = ["a/x", "a/y", "b/x"];
    private static readonly string[] Filters = ["a/x", "a/+", "#", "b/#", "+/x"];

    [Theory]
    [MemberData(nameof(SimulatedFleet.Batches), MemberType = typeof(SimulatedFleet))]
    public Task Fleet_OnABadNetwork_KeepsItsPromises(int batch) =>
        SimulatedFleet.RunAsync(batch, 20, static seed => new Schedule(seed).RunAsync());

    private sealed class Schedule(int seed)
    {
        // Nobody gives a peer up, and no answer leaves before its time: what then holds is promised without a condition.
        private static readonly ClusterOptions Options =
            new() { DeadAfter = TimeSpan.FromMinutes(30), SubscribePatience = TimeSpan.FromMinutes(1) };

        private readonly SimulatedFleet _fleet = new(seed);
        private readonly List<Reader> _readers = [];
        private readonly List<Message> _messages = [];

        public async Task RunAsync()
        {
            _fleet.StartAll(Options);
            for (; _fleet.Step < 150; _fleet.Step++)
            {
                Step();
                ReadAll();
            }

            _fleet.CalmDown(ReadAll);
            Check();
            await Eventually.CompletesAsync(
                Said("every message is acknowledged"), Task.WhenAll(_messages.Select(message => message.Acknowledged)));
            _fleet.Stop();
        }

        private void Step()
        {
            var node = _fleet.Any();
            switch (_fleet.Random.Next(20))
            {
                case < 2:
                    var filter = Filters[_fleet.Random.Next(Filters.Length)];
                    var subscriber = node.Subscribe(filter, out var answer);
                    _readers.Add(new Reader(node, filter, subscriber, answer));
                    break;
                case 2 when _readers.Count > 0:
                    var leaving = _readers[_fleet.Random.Next(_readers.Count)];
                    if (!leaving.HasLeft)
                    {
                        leaving.HasLeft = true;
                        leaving.Node.Client.Close(leaving.Subscriber);
                    }

                    break;
                case 3:
                    _fleet.Cut(node);
                    break;
                case 4:
                    _fleet.Engine.Heal();
                    break;
                case 5:
                    _fleet.ConnectOrNot(node);
                    break;
                case 6:
                    _fleet.Disturb();
                    break;
                case < 13:
                    for (var i = _fleet.Random.Next(5); i >= 0; i--)
                    {
                        Publish(node);
                    }

                    break;
                default:
                    _fleet.AdvanceSome(700);
                    break;
            }
        }

        private void Publish(SimulatedNode node)
        {
            var topic = Topics[_fleet.Random.Next(Topics.Length)];
            var qos = (QualityOfService)_fleet.Random.Next(3);
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

            foreach (var node in _fleet.Live)
            {
                // A peer is a subscriber that is not listed: what a route has of it is what it wants.
                foreach (var topic in Topics)
                {
                    var wants = _fleet.Live.Count(other => other != node && _readers.Exists(reader => !reader.HasLeft
                        && reader.Node == other && TopicFilter.Matches(MqttText.Encode(reader.Filter), MqttText.Encode(topic))));
                    node.Broker.Tree.Match(MqttText.Encode(topic)).Subscriptions.Count(subscription => subscription.Subscriber.IsPeer)
                        .ShouldBe(wants, Said($"what {node.Name} knows of {topic}"));
                }
            }
        }

        private string Said(string what) => _fleet.Said(what);
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
