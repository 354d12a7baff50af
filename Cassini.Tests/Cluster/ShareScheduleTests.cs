using System.Globalization;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>One shared subscription with members on three nodes that come and go, in virtual time, on a bad network.</summary>
public class ShareScheduleTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Share_OnABadNetwork_GivesEachMessageToOneMember(int batch)
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
        private readonly List<LocalSubscriber> _members = [];
        private readonly List<(QualityOfService QoS, Task<LocalVerdict> Acknowledged)> _messages = [];
        private readonly List<int> _got = [];

        public Schedule(int seed)
        {
            _seed = seed;
            _random = new Random(seed);
            _engine = new SimulatedEngine(_clock, _random) { Owner = Thread.CurrentThread };
        }

        public async Task RunAsync()
        {
            // Nobody is given up. One member stays, so that no message is for nobody.
            var options = new ClusterOptions { DeadAfter = TimeSpan.FromMinutes(30), SubscribePatience = TimeSpan.FromMinutes(1) };
            foreach (var name in (string[])["n1", "n2", "n3"])
            {
                _nodes.Add(new SimulatedNode(_clock, _engine, name, options));
            }

            _clock.AdvanceBy(TimeSpan.FromSeconds(5));
            Join(_nodes[_random.Next(_nodes.Count)]);
            _clock.AdvanceBy(TimeSpan.FromSeconds(2));
            for (var step = 0; step < 150; step++)
            {
                Step();
                _members.ForEach(Read);
            }

            _engine.Heal();
            (_engine.Loss, _engine.Twice) = (0, 0);
            _nodes.ForEach(node => _engine.SetConnected(node.Name, true));
            for (var i = 0; i < 60; i++)
            {
                _clock.AdvanceBy(TimeSpan.FromMilliseconds(500));
                _members.ForEach(Read);
            }

            _got.Where(IsSure).Order().ShouldBe(Enumerable.Range(0, _messages.Count).Where(IsSure), $"FLEET_SEED={_seed}");
            await Eventually.CompletesAsync(
                $"FLEET_SEED={_seed}: every message is acknowledged", Task.WhenAll(_messages.Select(message => message.Acknowledged)));
            _nodes.ForEach(node => node.Dispose());
        }

        private bool IsSure(int message) => _messages[message].QoS != QualityOfService.AtMostOnce;

        private void Step()
        {
            var node = _nodes[_random.Next(_nodes.Count)];
            switch (_random.Next(20))
            {
                case < 3:
                    Join(node);
                    break;
                case < 6 when _members.Count > 1:
                    var leaving = _members[_random.Next(1, _members.Count)];
                    _members.Remove(leaving);
                    Read(leaving);
                    leaving.Dispose();
                    break;
                case 6:
                    _engine.Cut(node.Name, _nodes[_random.Next(_nodes.Count)].Name);
                    break;
                case 7:
                    _engine.Heal();
                    break;
                case 8:
                    _engine.SetConnected(node.Name, _random.Next(2) == 0);
                    break;
                case 9:
                    (_engine.Loss, _engine.Twice) = (_random.Next(4) * 10, _random.Next(3) * 10);
                    _engine.MostDelay = TimeSpan.FromMilliseconds(1 + _random.Next(200));
                    break;
                case < 15:
                    for (var i = _random.Next(5); i >= 0; i--)
                    {
                        var qos = (QualityOfService)_random.Next(3);
                        _messages.Add((qos, node.PublishAsync("t", $"{_messages.Count}", qos)));
                    }

                    break;
                default:
                    _clock.AdvanceBy(TimeSpan.FromMilliseconds(_random.Next(1, 700)));
                    break;
            }
        }

        private void Join(SimulatedNode node) => _members.Add(node.Join("$share/g/t"));

        private void Read(LocalSubscriber member)
        {
            while (member.TryRead(out var read))
            {
                _got.Add(int.Parse(read.Message.Payload.Span, CultureInfo.InvariantCulture));
            }
        }
    }
}
