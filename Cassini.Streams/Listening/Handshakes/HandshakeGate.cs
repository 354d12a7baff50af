using System.Net;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// Decides which connection may have a handshake, so that peers that only connect or never finish cost their own address alone. A slot
/// is taken only when a whole hello has come; slots are limited in total and per address. Within an address the newest waiter is served
/// first, and the addresses take turns. While a connection waits and no handshake succeeds for <see cref="ListenerOptions.StallGrace"/>,
/// those that have lasted longer are evicted: an honest burst on a slow machine, whose slots become free one after another, loses none.
/// Thread-safe; connections are called outside the lock.
/// </summary>
internal sealed class HandshakeGate : IDisposable
{
    private readonly ListenerOptions _options;
    private readonly ITimer _sweeper;
    private readonly Lock _lock = new();
    private readonly GateQueue _queue;
    private readonly TimeProvider _time;
    private int _reserved;
    private bool _sweeping;
    private long _sweepArmedAt;

    public HandshakeGate(ListenerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _queue = new GateQueue(options, time);
        _sweeper = time.CreateTimer(
            static gate => ((HandshakeGate)gate!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Connections that have no slot yet.</summary>
    public int Pending => Read(() => _queue.Pending);

    public int InFlight => Read(() => _queue.InFlight);

    /// <summary>Handshakes in slots that no limit counts.</summary>
    public int Reserved => Read(() => _reserved);

    private TimeSpan SweepInterval => TimeSpan.FromTicks(Math.Max(_options.StallGrace.Ticks / 4, TimeSpan.TicksPerMillisecond));

    /// <summary>Adds an accepted connection, which has sent no byte yet.</summary>
    /// <param name="from">The peer's address.</param>
    /// <param name="connection">What is called when it is evicted.</param>
    /// <param name="reserved">Whether it is our own canary, which no limit may keep out.</param>
    public GatePass Enter(IPAddress from, IPendingConnection connection, bool reserved)
    {
        GatePass? evicted;
        GatePass pass;
        lock (_lock)
        {
            if (reserved)
            {
                _reserved++;
                return new GatePass(this, null, connection) { Stage = GateStage.InFlight };
            }

            evicted = _queue.ExcessBefore(_queue.AddressOf(from));
            if (evicted is not null)
            {
                RemoveLocked(evicted);
            }

            var address = _queue.AddressOf(from); // Once more, because the eviction of its last connection forgets an address.
            pass = new GatePass(this, address, connection) { Stage = GateStage.Silent };
            _queue.AddSilent(pass, address);
        }

        evicted?.Connection.Evict("evicted: too many connections wait for a handshake, and its address has the most");
        return pass;
    }

    internal Task WaitForSlotAsync(GatePass pass)
    {
        var given = new List<GatePass>();
        Task slot;
        bool arm;
        lock (_lock)
        {
            if (pass.Address is not { } address)
            {
                return Task.CompletedTask;
            }

            pass.Slot = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            slot = pass.Slot.Task;
            if (pass.Stage == GateStage.Silent)
            {
                _queue.BeginWait(pass, address);
                _queue.Serve(given);
            }

            arm = _queue.Waiting > 0 && !_sweeping;
            _sweeping |= arm;
        }

        Conclude(given, [], arm);
        return slot;
    }

    internal void Succeed(GatePass pass)
    {
        lock (_lock)
        {
            if (pass.Address is { } address)
            {
                _queue.Succeed(address);
            }
        }
    }

    internal void Leave(GatePass pass)
    {
        var given = new List<GatePass>();
        lock (_lock)
        {
            if (pass.Stage == GateStage.Gone)
            {
                return;
            }

            RemoveLocked(pass);
            _queue.Serve(given);
        }

        Conclude(given, [], arm: false);
    }

    public void Dispose() => _sweeper.Dispose();

    private void Sweep()
    {
        var given = new List<GatePass>();
        var evicted = new List<GatePass>();
        bool again;
        lock (_lock)
        {
            if (_time.GetElapsedTime(_sweepArmedAt) >= _options.StallGrace)
            {
                _queue.Forgive(); // this sweep is so late that the process was paused
            }

            _queue.EvictStalled(evicted, given);
            again = _sweeping = _queue.Waiting > 0;
        }

        Conclude(given, evicted, again);
    }

    private void RemoveLocked(GatePass pass)
    {
        if (pass.Address is { } address)
        {
            _queue.Remove(pass, address);
            return;
        }

        pass.Stage = GateStage.Gone;
        _reserved--;
    }

    /// <summary>Does what must not be done under the lock.</summary>
    private void Conclude(List<GatePass> given, List<GatePass> evicted, bool arm)
    {
        foreach (var pass in evicted)
        {
            pass.Connection.Evict($"evicted: others waited and its handshake had lasted longer than {_options.StallGrace.TotalSeconds} s");
        }

        foreach (var pass in given)
        {
            pass.Slot!.TrySetResult();
        }

        if (arm)
        {
            _sweepArmedAt = _time.GetTimestamp();
            _sweeper.Change(SweepInterval, Timeout.InfiniteTimeSpan);
        }
    }

    private int Read(Func<int> value)
    {
        lock (_lock)
        {
            return value();
        }
    }
}
