using System.Net;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// Says who may have a handshake, so that peers who only connect or never finish cost their own address alone. A place is
/// taken only when a whole hello has come, with a cap in total and one per address. Within an address the newest waiter is served
/// first, the addresses take turns, and while someone waits and no handshake succeeds for
/// <see cref="ListenerOptions.StallGrace"/>, those that have lasted longer make room: an honest burst on a slow machine, whose
/// places turn over, loses nobody. Thread-safe; guests are called outside the lock.
/// </summary>
internal sealed class HandshakeGate : IDisposable
{
    private readonly ListenerOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _sweeper;
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, GateAddress> _addresses = [];
    private readonly Queue<GateAddress> _turns = new();
    private readonly LinkedList<GatePass> _inFlight = new();
    private long _lastSuccess;
    private int _pending;
    private int _waiting;
    private int _reserved;
    private bool _sweeping;

    public HandshakeGate(ListenerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _lastSuccess = time.GetTimestamp();
        _sweeper = time.CreateTimer(static gate => ((HandshakeGate)gate!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Accepted, no place yet.</summary>
    public int Pending => Read(() => _pending);

    public int InFlight => Read(() => _inFlight.Count);

    /// <summary>Handshakes on places that no limit counts.</summary>
    public int Reserved => Read(() => _reserved);

    private TimeSpan SweepInterval => TimeSpan.FromTicks(Math.Max(_options.StallGrace.Ticks / 4, TimeSpan.TicksPerMillisecond));

    /// <summary>Lets an accepted connection in, as silent.</summary>
    /// <param name="from">The peer's address.</param>
    /// <param name="guest">Who is told to make room.</param>
    /// <param name="reserved">Whether it is our own canary, which no limit may keep out.</param>
    public GatePass Enter(IPAddress from, IGateGuest guest, bool reserved)
    {
        GatePass? evicted = null;
        GatePass pass;
        lock (_lock)
        {
            if (reserved)
            {
                _reserved++;
                return new GatePass(this, null, guest) { Stage = GateStage.InFlight };
            }

            var address = AddressOf(from);
            var fullest = address.Pending >= _options.MaxPendingPerAddress ? address
                : _pending >= _options.MaxPending ? _addresses.Values.MaxBy(other => other.Pending)
                : null;
            if (fullest is not null)
            {
                // Who holds the most makes room, so that no number of silent peers keeps another address out.
                evicted = (fullest.Silent.First ?? fullest.Waiting.First)!.Value;
                Remove(evicted);
                address = AddressOf(from);
            }

            pass = new GatePass(this, address, guest) { Stage = GateStage.Silent };
            address.Silent.AddLast(pass.Node);
            _pending++;
        }

        evicted?.Guest.MakeRoom("made room: too many connections wait for a handshake, and its address has the most");
        return pass;
    }

    internal Task WaitForPlaceAsync(GatePass pass)
    {
        var given = new List<GatePass>();
        Task place;
        bool arm;
        lock (_lock)
        {
            if (pass.Address is not { } address)
            {
                return Task.CompletedTask;
            }

            pass.Place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            place = pass.Place.Task;
            if (pass.Stage == GateStage.Silent)
            {
                address.Silent.Remove(pass.Node);
                address.Waiting.AddLast(pass.Node);
                pass.Stage = GateStage.Waiting;
                _waiting++;
                TakeTurn(address);
                Serve(given);
            }

            arm = _waiting > 0 && !_sweeping;
            _sweeping |= arm;
        }

        Conclude(given, [], arm);
        return place;
    }

    internal void Succeed(GatePass pass)
    {
        lock (_lock)
        {
            if (pass.Address is { } address)
            {
                address.LastSuccess = _lastSuccess = _time.GetTimestamp();
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

            Remove(pass);
            Serve(given);
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
            foreach (var address in _addresses.Values.Where(address => address.Waiting.Count > 0 && IsQuiet(address.LastSuccess)).ToList())
            {
                while (address.Waiting.Count > 0 && address.InFlight.Count >= _options.MaxHandshakesPerAddress
                    && EvictIfStalled(address.InFlight.First, evicted))
                {
                    Serve(given);
                }
            }

            while (IsQuiet(_lastSuccess) && _inFlight.Count >= _options.MaxHandshakes && NextInTurn() is not null
                && EvictIfStalled(_inFlight.First, evicted))
            {
                Serve(given);
            }

            again = _sweeping = _waiting > 0;
        }

        Conclude(given, evicted, again);
    }

    private bool IsQuiet(long since) => _time.GetElapsedTime(since) >= _options.StallGrace;

    private bool EvictIfStalled(LinkedListNode<GatePass>? oldest, List<GatePass> evicted)
    {
        if (oldest is null || !IsQuiet(oldest.Value.Since))
        {
            return false;
        }

        evicted.Add(oldest.Value);
        Remove(oldest.Value);
        return true;
    }

    /// <summary>Gives free places to the addresses in turn, and within each to its newest waiter.</summary>
    private void Serve(List<GatePass> given)
    {
        while (_inFlight.Count < _options.MaxHandshakes && NextInTurn() is { } address)
        {
            _turns.Dequeue();
            address.IsInTurn = false;
            var newest = address.Waiting.Last!;
            var pass = newest.Value;
            address.Waiting.Remove(newest);
            address.InFlight.AddLast(newest);
            pass.FlightNode = _inFlight.AddLast(pass);
            pass.Stage = GateStage.InFlight;
            pass.Since = _time.GetTimestamp();
            _waiting--;
            _pending--;
            given.Add(pass);
            TakeTurn(address);
        }
    }

    /// <summary>The address to serve next; drops those that need or may have no place any more.</summary>
    private GateAddress? NextInTurn()
    {
        while (_turns.TryPeek(out var address))
        {
            if (CanBeServed(address))
            {
                return address;
            }

            _turns.Dequeue();
            address.IsInTurn = false;
            Forget(address);
        }

        return null;
    }

    private bool CanBeServed(GateAddress address) =>
        address.Waiting.Count > 0 && address.InFlight.Count < _options.MaxHandshakesPerAddress;

    private void TakeTurn(GateAddress address)
    {
        if (!address.IsInTurn && CanBeServed(address))
        {
            address.IsInTurn = true;
            _turns.Enqueue(address);
        }
    }

    private void Remove(GatePass pass)
    {
        var stage = pass.Stage;
        pass.Stage = GateStage.Gone;
        if (pass.Address is not { } address)
        {
            _reserved--;
            return;
        }

        pass.Node.List!.Remove(pass.Node);
        if (stage == GateStage.InFlight)
        {
            _inFlight.Remove(pass.FlightNode!);
            TakeTurn(address);
        }
        else
        {
            _pending--;
            _waiting -= stage == GateStage.Waiting ? 1 : 0;
        }

        Forget(address);
    }

    private GateAddress AddressOf(IPAddress from)
    {
        var key = GateAddress.KeyOf(from);
        if (!_addresses.TryGetValue(key, out var address))
        {
            _addresses.Add(key, address = new GateAddress(key, _time.GetTimestamp()));
        }

        return address;
    }

    private void Forget(GateAddress address)
    {
        if (address.IsEmpty)
        {
            _addresses.Remove(address.Key);
        }
    }

    /// <summary>What must happen outside the lock.</summary>
    private void Conclude(List<GatePass> given, List<GatePass> evicted, bool arm)
    {
        foreach (var pass in evicted)
        {
            pass.Guest.MakeRoom($"made room: others waited and its handshake had lasted longer than {_options.StallGrace.TotalSeconds} s");
        }

        foreach (var pass in given)
        {
            pass.Place!.TrySetResult();
        }

        if (arm)
        {
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
