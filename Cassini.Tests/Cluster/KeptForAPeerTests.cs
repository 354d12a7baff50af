using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Cluster.Links;
using Cassini.Streams.Mqtt;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

/// <summary>
/// A peer that is lost and comes back, several times, and lived all the while: what it got on links that are over is not sent again, and
/// what it did not get is. Its sessions subscribe while it is there: what they want since then does not wait for what is kept.
/// </summary>
public class KeptForAPeerTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Peer_LostAndBack_GetsEachMessageOnceInOrder(int batch)
    {
        var given = Environment.GetEnvironmentVariable("FLEET_SEED");
        for (var i = 0; i < 8; i++)
        {
            var seed = given is null ? (batch * 8) + i : int.Parse(given, CultureInfo.InvariantCulture);
            await using var run = new Run(seed);
            await run.RunAsync();
        }
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly int _seed;
        private readonly Random _random;
        private readonly BrokerRig _rig = new();
        private readonly Wire _there = new();
        private readonly Wire _back = new();
        private readonly ClusterPeer _peer = new();
        private readonly Durability _durability = new();
        private readonly Dictionary<string, List<int>> _got = [];
        private readonly Dictionary<string, int> _published = new() { ["t"] = 0 };
        private readonly LinkReceiver _receiver;
        private LinkSender _link;
        private Task _draining = Task.CompletedTask;
        private ulong _links;
        private long _ticket;

        public Run(int seed)
        {
            (_seed, _random) = (seed, new Random(seed));
            _receiver = new LinkReceiver(_peer, Deliver, _durability, _rig.Clock.Time, static _ => { });
            _receiver.Sender = NewLink(_back);
            _link = Connect();
        }

        public async Task RunAsync()
        {
            for (var losses = _random.Next(1, 5); losses > 0; losses--)
            {
                for (var steps = _random.Next(30); steps > 0; steps--)
                {
                    Step();
                }

                // Frames of this link that are under way may still come.
                var queue = _rig.Broker.Sessions.OpenQueue("n2", [], TopicHashes.Of(_published.Keys), []);
                _peer.Lose(queue, _rig.Broker.Topics, _rig.Clock.Time);
                for (var steps = _random.Next(10); steps > 0; steps--)
                {
                    Step();
                }

                await EndsAsync("the drain of a link that is over", _draining);
                _link = Connect();
                _draining = DrainAsync(_link);
                if (_random.Next(2) == 0)
                {
                    await Eventually.HoldsAsync($"FLEET_SEED={_seed}: it drains", () =>
                    {
                        Settle();
                        return _there.Count > 0 || _draining.IsCompleted;
                    });
                }
            }

            await EndsAsync("all is sent", _draining);
            await Eventually.HoldsAsync($"FLEET_SEED={_seed}: all is acknowledged", () =>
            {
                Settle();
                _link.Look(isBack: true);
                return _link.IsSettled;
            });
            foreach (var (topic, published) in _published)
            {
                _got.GetValueOrDefault(topic, []).ShouldBe(Enumerable.Range(0, published), $"FLEET_SEED={_seed}: {topic}");
            }

            _peer.Queue.ShouldBeNull();
        }

        public async ValueTask DisposeAsync() => await _rig.DisposeAsync();

        private Task EndsAsync(string what, Task task) => Eventually.HoldsAsync($"FLEET_SEED={_seed}: {what}", () =>
        {
            Settle();
            return task.IsCompleted;
        });

        private LinkSender NewLink(IBus wire) => new(wire, "d", ++_links, new LinkOptions { FrameSize = 150 }, _rig.Clock.Time);

        private LinkSender Connect()
        {
            var link = NewLink(_there);
            _peer.Connect(link);
            return link;
        }

        private Task DrainAsync(LinkSender link) => new QueueDrain(_rig.Clock.Time).RunAsync(_peer, link, Ask, CancellationToken.None);

        /// <summary>The question, or its answer, may get lost.</summary>
        private void Ask(ulong over)
        {
            if (over % 3 != 0 || _rig.Clock.Elapsed > TimeSpan.FromSeconds(over))
            {
                _ = AnswerAsync();
            }

            async Task AnswerAsync() => _peer.Settle(over, await _receiver.CloseAsync(over));
        }

        private void Step()
        {
            switch (_random.Next(6))
            {
                case < 3:
                    if (_peer.IsReachable && _random.Next(10) == 0)
                    {
                        _published.Add($"u{_published.Count}", 0);
                    }

                    Publish();
                    break;
                case 3:
                    _there.TakeTo(Receive);
                    break;
                case 4:
                    _back.TakeTo(_random.Next(3) == 0 ? static _ => { } : Hear);
                    break;
                default:
                    _durability.Reach(_ticket);
                    break;
            }
        }

        /// <summary>What is under way comes, and time goes on.</summary>
        private void Settle()
        {
            while (_there.TakeTo(Receive) || _back.TakeTo(Hear))
            {
            }

            _durability.Reach(_ticket);
            _rig.Clock.AdvanceBy(TimeSpan.FromMilliseconds(200));
        }

        private void Publish()
        {
            var topic = _published.Keys.ElementAt(_random.Next(_published.Count));
            var rest = new string('x', _random.Next(6) == 0 ? _random.Next(1_500) : 0);
            var message = new Publication
            {
                Topic = _rig.Broker.Topics.Get(Encoding.UTF8.GetBytes(topic)),
                Payload = Encoding.UTF8.GetBytes($"{_published[topic]++} {rest}"),
                QoS = QualityOfService.ExactlyOnce,
                Account = _rig.Accounts.OfBroker,
            };
            var flushes = new FlushSet();
            _peer.Send(ref message, message.QoS, flushes);
            if (_random.Next(2) == 0)
            {
                flushes.Flush(inline: false);
            }
            else
            {
                _link.Flush(inline: false);
            }
        }

        private long Deliver(in PeerMessage message, FlushSet flushes)
        {
            // What is for sessions that are not kept only is sent at once, and what is kept for the others later.
            if (message.Audience != Audience.Others)
            {
                var topic = Encoding.UTF8.GetString(message.Topic);
                _got.TryAdd(topic, []);
                _got[topic].Add(int.Parse(Encoding.UTF8.GetString(message.Payload).Split(' ')[0], CultureInfo.InvariantCulture));
            }

            return ++_ticket;
        }

        private void Receive(byte[] frame) => _receiver.Receive(frame);

        private void Hear(byte[] frame)
        {
            FrameHeader.TryRead(frame, out var header).ShouldBeTrue();
            _link.OnAcknowledged(header, frame.AsSpan(FrameHeader.Size));
        }
    }

    /// <summary>Keeps frames until they are taken, in their order.</summary>
    private sealed class Wire : IBus
    {
        private readonly ConcurrentQueue<byte[]> _frames = [];

        public event Action<string?>? ConnectionChanged
        {
            add { }
            remove { }
        }

        public bool IsConnected => true;

        // Some messages are larger, and go in parts.
        public int LargestMessage => 400;

        public int Count => _frames.Count;

        public bool TryPublish(string subject, ReadOnlySpan<byte> data)
        {
            _frames.Enqueue(data.ToArray());
            return true;
        }

        public bool TakeTo(Action<byte[]> receiver)
        {
            var isOne = _frames.TryDequeue(out var frame);
            if (isOne)
            {
                receiver(frame!);
            }

            return isOne;
        }

        public IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler) => throw new NotSupportedException();

        public Task RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
