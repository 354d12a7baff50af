namespace Cassini.Load;

/// <summary>
/// The messages in flight from one publisher to its subscribers: sent, and not yet received by the slowest. The publisher waits for a
/// good part of the window at once, so that it is woken once in thousands of messages.
/// </summary>
internal sealed class Window(int size, int subscribers) : IDisposable
{
    // Counters of different threads, a cache line apart.
    private const int Apart = 16;
    private readonly long[] _received = new long[(subscribers + 1) * Apart];
    private readonly long[] _writtenOff = new long[(subscribers + 1) * Apart];
    private readonly AutoResetEvent _roomy = new(false);
    private long _sent;
    private int _wanted;
    private volatile bool _closed;

    /// <summary>Publishes sent. Written by the publisher alone.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Deliveries to all subscribers.</summary>
    public long Received
    {
        get
        {
            var sum = 0L;
            for (var i = 1; i <= subscribers; i++)
            {
                sum += Volatile.Read(ref _received[i * Apart]);
            }

            return sum;
        }
    }

    /// <summary>Deliveries that should have arrived and did not.</summary>
    public long Missing => (Sent * subscribers) - Received;

    public bool Closed => _closed;

    public int Room
    {
        get
        {
            var slowest = long.MaxValue;
            for (var i = 1; i <= subscribers; i++)
            {
                slowest = Math.Min(slowest, Volatile.Read(ref _received[i * Apart]) + Volatile.Read(ref _writtenOff[i * Apart]));
            }

            return (int)Math.Clamp(size - (Sent - slowest), 0, size);
        }
    }

    /// <summary>Called before a send, because its echo may arrive before the send returns. Called by the publisher.</summary>
    public void Send(int count) => Volatile.Write(ref _sent, _sent + count);

    /// <summary>Returns when that many slots are free, or at the end. The publisher.</summary>
    public void Wait(int wanted)
    {
        while (!_closed && Room < wanted)
        {
            // Set before the second check: a receiver that comes between the two sees the waiter (Interlocked is the fence).
            Interlocked.Exchange(ref _wanted, wanted);
            if (Room >= wanted)
            {
                Interlocked.Exchange(ref _wanted, 0);
                return;
            }

            _roomy.WaitOne();
        }
    }

    /// <param name="subscriber">From 0; each counts on a thread of its own.</param>
    /// <param name="count">The number of messages that arrived.</param>
    public void Receive(int subscriber, int count)
    {
        ref var received = ref _received[(subscriber + 1) * Apart];
        Volatile.Write(ref received, received + count);
        Interlocked.MemoryBarrier();
        WakeIfRoomy();
    }

    /// <summary>Gives up the messages in flight, so that loss costs no more than the stall that showed it. The watch.</summary>
    public void WriteOff()
    {
        for (var i = 1; i <= subscribers; i++)
        {
            Volatile.Write(ref _writtenOff[i * Apart], Sent - Volatile.Read(ref _received[i * Apart]));
        }

        Interlocked.MemoryBarrier();
        WakeIfRoomy();
    }

    /// <summary>Ends the sending. Any thread.</summary>
    public void Close()
    {
        _closed = true;
        _roomy.Set();
    }

    public void Dispose() => _roomy.Dispose();

    private void WakeIfRoomy()
    {
        var wanted = Volatile.Read(ref _wanted);
        if (wanted > 0 && Room >= wanted && Interlocked.Exchange(ref _wanted, 0) > 0)
        {
            _roomy.Set();
        }
    }
}
