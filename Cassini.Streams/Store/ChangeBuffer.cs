using Cassini.Streams.Broker.Durable;

namespace Cassini.Streams.Store;

/// <summary>
/// The changes that wait to be committed, as one group. While the committer writes a group, the next one fills, so groups grow with the
/// load. Thread-safe.
/// </summary>
/// <param name="durability">Where it is noted that too much waits.</param>
/// <param name="time">The clock.</param>
internal sealed class ChangeBuffer(Durability durability, TimeProvider time)
{
    /// <summary>Changes of so many bytes may wait before no more messages are taken that need more.</summary>
    private const long MostOpen = 8 << 20;

    /// <summary>About what a change takes in a group, beside its texts.</summary>
    private const int CostOfChange = 16;

    private readonly SemaphoreSlim _signal = new(0);
    private OpenGroup _open = new();
    private OpenGroup? _spare = new();
    private long _ticket = 1;
    private long? _openSince;
    private long? _takenSince;
    private int _taken;
    private int _units;
    private bool _isClosing;
    private bool _isSignalled;

    /// <summary>Its holder is in a change. No other lock is taken under it.</summary>
    public object Gate { get; } = new();

    /// <summary>Milliseconds since 1970.</summary>
    public long UtcNow => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The ticket of the open group. Under the gate.</summary>
    public long TicketLocked => _ticket;

    /// <summary>Since when the oldest change waits, a timestamp; null when none does.</summary>
    public long? WaitingSince
    {
        get
        {
            lock (Gate)
            {
                return _takenSince ?? _openSince;
            }
        }
    }

    /// <summary>How many changes wait.</summary>
    public int Waiting
    {
        get
        {
            lock (Gate)
            {
                return _taken + _open.Count;
            }
        }
    }

    /// <summary>How long the oldest change has waited; zero when none does.</summary>
    public TimeSpan Lag => WaitingSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The group that changes are put into, and their ticket. Under the gate.</summary>
    public OpenGroup OpenLocked(out long ticket)
    {
        ticket = _ticket;
        return _open;
    }

    /// <summary>A change was put into the open group. Under the gate.</summary>
    public void NoteLocked(OpenGroup group, int size)
    {
        group.Bytes += CostOfChange + size;
        if (group.Bytes > MostOpen)
        {
            durability.Room = _ticket;
        }

        _openSince ??= time.GetTimestamp();
        SignalLocked();
    }

    /// <summary>Puts a change that belongs to no session into the open group. Under the gate.</summary>
    public void AddLocked(RecordType type, object? subject, long number, int size)
    {
        ref var change = ref _open.At(_open.Add());
        change.Type = type;
        change.Subject = subject;
        change.Number = number;
        change.Count = 1;
        NoteLocked(_open, size);
    }

    /// <summary>The changes that this thread makes until <see cref="EndUnit"/> go into one group.</summary>
    public void BeginUnit()
    {
        lock (Gate)
        {
            while (_isClosing)
            {
                Monitor.Wait(Gate);
            }

            _units++;
        }
    }

    public void EndUnit()
    {
        lock (Gate)
        {
            if (--_units == 0 && _isClosing)
            {
                Monitor.PulseAll(Gate);
            }
        }
    }

    /// <summary>Wakes the committer. Under the gate.</summary>
    public void SignalLocked()
    {
        if (!_isSignalled)
        {
            _isSignalled = true;
            _signal.Release();
        }
    }

    /// <summary>The same, without the gate.</summary>
    public void Signal()
    {
        lock (Gate)
        {
            SignalLocked();
        }
    }

    /// <summary>Ends when there is something to do. For the committer, whose thread goes on with it.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _signal.WaitAsync(cancellationToken);
        lock (Gate)
        {
            // Here, and not when the group is taken: what fails in between must not keep the next signal away.
            _isSignalled = false;
        }
    }

    /// <summary>Takes the open group, when nobody is in the middle of a unit. For the committer.</summary>
    public OpenGroup Take(out long ticket)
    {
        lock (Gate)
        {
            _isClosing = true;
            while (_units > 0)
            {
                Monitor.Wait(Gate);
            }

            var taken = _open;
            _taken = taken.Count;
            ticket = _ticket++;
            _open = _spare ?? new OpenGroup();
            _spare = null;
            (_takenSince, _openSince) = (_openSince, null);
            if (_isSignalled)
            {
                // What came since is in what is taken.
                _signal.Wait(0, CancellationToken.None);
                _isSignalled = false;
            }

            _isClosing = false;
            Monitor.PulseAll(Gate);
            return taken;
        }
    }

    /// <summary>A group was written. For the committer.</summary>
    public void GiveBack(OpenGroup group)
    {
        group.Clear();
        lock (Gate)
        {
            _spare = group;
            _takenSince = null;
            _taken = 0;
        }
    }
}
