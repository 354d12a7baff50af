using System.Globalization;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>One shared subscription with members on three nodes that come and go, in virtual time, on a bad network.</summary>
public class ShareScheduleTests
{
    [Theory]
    [MemberData(nameof(SimulatedFleet.Batches), MemberType = typeof(SimulatedFleet))]
    public Task Share_OnABadNetwork_GivesEachMessageToOneMember(int batch) =>
        SimulatedFleet.RunAsync(batch, 20, static seed => new Schedule(seed).RunAsync());

    private sealed class Schedule(int seed)
    {
        // Nobody is given up.
        private static readonly ClusterOptions Options =
            new() { DeadAfter = TimeSpan.FromMinutes(30), SubscribePatience = TimeSpan.FromMinutes(1) };

        private readonly SimulatedFleet _fleet = new(seed);
        private readonly List<LocalSubscriber> _members = [];
        private readonly List<(QualityOfService QoS, Task<LocalVerdict> Acknowledged)> _messages = [];
        private readonly List<int> _got = [];

        public async Task RunAsync()
        {
            _fleet.Engine.Owner = Thread.CurrentThread;
            _fleet.StartAll(Options);

            // One member stays, so that no message is for nobody.
            Join(_fleet.Any());
            _fleet.Clock.AdvanceBy(TimeSpan.FromSeconds(2));
            for (; _fleet.Step < 150; _fleet.Step++)
            {
                Step();
                ReadAll();
            }

            _fleet.CalmDown(ReadAll);
            _got.Where(IsSure).Order().ShouldBe(
                Enumerable.Range(0, _messages.Count).Where(IsSure), _fleet.Said("each message comes to one member"));
            await Eventually.CompletesAsync(
                _fleet.Said("every message is acknowledged"), Task.WhenAll(_messages.Select(message => message.Acknowledged)));
            _fleet.Stop();
        }

        private bool IsSure(int message) => _messages[message].QoS != QualityOfService.AtMostOnce;

        private void Step()
        {
            var node = _fleet.Any();
            switch (_fleet.Random.Next(20))
            {
                case < 3:
                    Join(node);
                    break;
                case < 6 when _members.Count > 1:
                    var leaving = _members[_fleet.Random.Next(1, _members.Count)];
                    _members.Remove(leaving);
                    Read(leaving);
                    leaving.Dispose();
                    break;
                case 6:
                    _fleet.Cut(node);
                    break;
                case 7:
                    _fleet.Engine.Heal();
                    break;
                case 8:
                    _fleet.ConnectOrNot(node);
                    break;
                case 9:
                    _fleet.Disturb();
                    break;
                case < 15:
                    for (var i = _fleet.Random.Next(5); i >= 0; i--)
                    {
                        var qos = (QualityOfService)_fleet.Random.Next(3);
                        _messages.Add((qos, node.PublishAsync("t", $"{_messages.Count}", qos)));
                    }

                    break;
                default:
                    _fleet.AdvanceSome(700);
                    break;
            }
        }

        private void Join(SimulatedNode node) => _members.Add(node.Join("$share/g/t"));

        private void ReadAll() => _members.ForEach(Read);

        private void Read(LocalSubscriber member)
        {
            while (member.TryRead(out var read))
            {
                _got.Add(int.Parse(read.Message.Payload.Span, CultureInfo.InvariantCulture));
            }
        }
    }
}
