namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// A packet of which only the beginning has come, and by when the rest must come: a client may be silent between packets, but not within
/// one, because its beginning takes memory. Written by the connection's reader, read by any thread.
/// </summary>
/// <param name="timeout">How long it may take, unless it is large.</param>
internal sealed class UnfinishedPacket(TimeSpan timeout)
{
    /// <summary>A large packet may take a second for each of this many bytes.</summary>
    private const int LeastRate = 16 * 1024;

    private const long None = -1;

    private long _begunAt = None;
    private int _size;

    /// <summary>Its first bytes have come, or more of it.</summary>
    /// <param name="size">How long it will be; 0 when that is not known yet.</param>
    /// <param name="now">A timestamp.</param>
    /// <param name="isNew">Whether the packet before it has ended since the last call.</param>
    public void Note(int size, long now, bool isNew)
    {
        Volatile.Write(ref _size, size);
        if (isNew || _begunAt == None)
        {
            Volatile.Write(ref _begunAt, now);
        }
    }

    /// <summary>There is none.</summary>
    public void Clear() => Volatile.Write(ref _begunAt, None);

    /// <summary>Whether it has taken too long.</summary>
    public bool IsOverdue(long now, TimeProvider time)
    {
        var begunAt = Volatile.Read(ref _begunAt);
        return begunAt != None && time.GetElapsedTime(begunAt, now) >= Longest();
    }

    /// <summary>This process was paused: the time does not count.</summary>
    public void Forgive(long pause, long now)
    {
        var begunAt = Volatile.Read(ref _begunAt);
        if (begunAt != None)
        {
            Interlocked.CompareExchange(ref _begunAt, Math.Min(begunAt + pause, now), begunAt);
        }
    }

    private TimeSpan Longest()
    {
        var large = TimeSpan.FromSeconds((double)Volatile.Read(ref _size) / LeastRate);
        return large > timeout ? large : timeout;
    }
}
