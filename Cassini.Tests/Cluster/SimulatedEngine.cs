using Cassini.Streams.Cluster.Engine;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Cluster;

/// <summary>
/// An engine in virtual time: messages take a while, get lost, come twice, or do not come through at all where the network is cut. Those
/// of one sender to one receiver keep their order. Any thread may send; what comes, comes on the thread that moves the clock.
/// </summary>
internal sealed class SimulatedEngine(VirtualClock clock, Random random)
{
    private readonly Lock _lock = new();
    private readonly List<Bus> _buses = [];
    private readonly HashSet<(string, string)> _cuts = [];
    private readonly HashSet<string> _lostSubjects = [];
    private long _sent;

    /// <summary>The longest time that a message takes.</summary>
    public TimeSpan MostDelay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How many of a hundred messages are lost.</summary>
    public int Loss { get; set; }

    /// <summary>How many of a hundred messages come twice.</summary>
    public int Twice { get; set; }

    /// <summary>The largest message that it takes.</summary>
    public int LargestMessage { get; set; } = 1024 * 1024;

    /// <summary>What other threads send is lost; null when there are none.</summary>
    public Thread? Owner { get; set; }

    /// <summary>How many messages were sent.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>A connection of a node. The first is that of what nodes say to each other, and the second that of messages.</summary>
    public IBus Connect(string node)
    {
        var bus = new Bus(this, node);
        lock (_lock)
        {
            _buses.Add(bus);
        }

        return bus;
    }

    /// <summary>The process of a node is killed: nothing leaves it any more, and nothing comes to it.</summary>
    public void Kill(string node)
    {
        SetConnected(node, false);
        lock (_lock)
        {
            _buses.RemoveAll(bus => bus.Node == node);
        }
    }

    /// <summary>Nothing comes through from one node to another.</summary>
    public void Cut(string from, string to) => _cuts.Add((from, to));

    /// <summary>Nothing comes through on a subject.</summary>
    public void Lose(string subject) => _lostSubjects.Add(subject);

    /// <summary>The network is whole again.</summary>
    public void Heal()
    {
        _cuts.Clear();
        _lostSubjects.Clear();
    }

    /// <summary>The connections of a node are lost, or back.</summary>
    public void SetConnected(string node, bool isConnected)
    {
        foreach (var bus in _buses.Where(bus => bus.Node == node).ToList())
        {
            bus.SetConnected(isConnected);
        }
    }

    /// <summary>The connection for messages of a node is lost, or back.</summary>
    public void SetDataConnected(string node, bool isConnected) =>
        _buses.Where(bus => bus.Node == node).ElementAt(1).SetConnected(isConnected);

    private void Send(Bus from, string subject, byte[] data)
    {
        if (Owner is not null && Owner != Thread.CurrentThread)
        {
            return;
        }

        Interlocked.Increment(ref _sent);
        lock (_lock)
        {
            foreach (var subscription in _buses.SelectMany(bus => bus.Subscriptions).Where(one => one.Subject == subject))
            {
                var copies = random.Next(100) < Loss ? 0 : random.Next(100) < Twice ? 2 : 1;
                for (var i = 0; i < copies; i++)
                {
                    var delay = TimeSpan.FromTicks(1 + random.NextInt64(MostDelay.Ticks));
                    subscription.DeliverLocked(from, data, clock.Elapsed + delay);
                }
            }
        }
    }

    private sealed class Bus(SimulatedEngine engine, string node) : IBus
    {
        private Action<string?>? _connectionChanged;

        /// <remarks>It is connected from the first, and says so to whoever begins to listen.</remarks>
        public event Action<string?>? ConnectionChanged
        {
            add
            {
                _connectionChanged += value;
                if (IsConnected)
                {
                    value?.Invoke("simulated");
                }
            }
            remove => _connectionChanged -= value;
        }

        public string Node => node;

        public bool IsConnected { get; private set; } = true;

        public int LargestMessage => engine.LargestMessage;

        public List<Subscription> Subscriptions { get; } = [];

        public bool TryPublish(string subject, ReadOnlySpan<byte> data)
        {
            var isTaken = IsConnected && data.Length <= LargestMessage;
            if (isTaken)
            {
                engine.Send(this, subject, data.ToArray());
            }

            return isTaken;
        }

        public IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler)
        {
            var subscription = new Subscription(engine, this, subject, handler);
            lock (engine._lock)
            {
                Subscriptions.Add(subscription);
            }

            return subscription;
        }

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public void SetConnected(bool isConnected)
        {
            if (IsConnected != isConnected)
            {
                IsConnected = isConnected;
                _connectionChanged?.Invoke(isConnected ? "simulated" : null);
            }
        }

        public sealed class Subscription(SimulatedEngine engine, Bus bus, string subject, Action<ReadOnlyMemory<byte>> handler)
            : IDisposable
        {
            private readonly Dictionary<Bus, TimeSpan> _last = [];

            public string Subject => subject;

            public void DeliverLocked(Bus from, byte[] data, TimeSpan at)
            {
                var due = _last.GetValueOrDefault(from) is var last && last > at ? last : at;
                _last[from] = due;
                engine.At(due, () =>
                {
                    if (bus.IsConnected && bus.Subscriptions.Contains(this) && !engine._cuts.Contains((from.Node, bus.Node))
                        && !engine._lostSubjects.Contains(subject))
                    {
                        handler(data);
                    }
                });
            }

            public void Dispose()
            {
                lock (engine._lock)
                {
                    bus.Subscriptions.Remove(this);
                }
            }
        }
    }

    private void At(TimeSpan due, Action action) => clock.Scheduler.ScheduleAbsolute(
        action, due.Ticks, static (_, run) =>
        {
            run();
            return System.Reactive.Disposables.Disposable.Empty;
        });
}
