using System.Numerics;

namespace Cassini.Streams.Events.Hub;

/// <summary>Whether reading can continue after a given event.</summary>
internal enum ResumeResult
{
    /// <summary>Yes: the next event is in the log, or the next to come.</summary>
    Resumed,

    /// <summary>No: the next event is no longer kept.</summary>
    TooOld,

    /// <summary>No: the id is of another run of the process.</summary>
    OtherEpoch,

    /// <summary>No: no such event has happened yet.</summary>
    NotYet,
}

/// <summary>
/// The newest events, in a ring of fixed size. It is every reader's queue: a reader is only a position in it, so a thousand readers
/// need no more memory than one, and no reader can slow the writer. Written by one delivering thread of the hub at a time; read by
/// any thread without a lock.
/// </summary>
internal sealed class EventLog
{
    private readonly EventEnvelope?[] _ring;
    private readonly CursorSignal _signal = new();
    private long _newest;
    private volatile bool _completed;

    public EventLog(Epoch epoch, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Epoch = epoch;
        _ring = new EventEnvelope?[BitOperations.RoundUpToPowerOf2((uint)capacity)];
    }

    /// <summary>The run of the process.</summary>
    public Epoch Epoch { get; }

    /// <summary>How many events are kept: the declared retention.</summary>
    public int Capacity => _ring.Length;

    /// <summary>The sequence of the newest event; 0 before the first.</summary>
    public long Newest => Volatile.Read(ref _newest);

    /// <summary>The sequence of the oldest event kept; 1 before the first.</summary>
    public long Oldest => Math.Max(1, Newest - _ring.Length + 1);

    public bool IsCompleted => _completed;

    /// <summary>Reads one event.</summary>
    /// <returns>False when it has not happened yet or is no longer kept.</returns>
    public bool TryGet(long sequence, out EventEnvelope envelope)
    {
        envelope = null!;
        if (sequence < 1 || sequence > Newest)
        {
            return false;
        }

        // The writer may overwrite the slot at any time, so the sequence is read from the envelope itself.
        var found = Volatile.Read(ref _ring[sequence & (_ring.Length - 1)]);
        envelope = found!;
        return found is not null && found.Sequence == sequence;
    }

    /// <summary>Whether a reader that has seen everything up to <paramref name="lastSeen"/> can continue without a gap.</summary>
    public ResumeResult CanResume(EventId lastSeen) =>
        lastSeen.Epoch != Epoch ? ResumeResult.OtherEpoch
        : lastSeen.Sequence > Newest ? ResumeResult.NotYet
        : lastSeen.Sequence + 1 < Oldest ? ResumeResult.TooOld
        : ResumeResult.Resumed;

    /// <summary>Opens a reader.</summary>
    /// <param name="after">The last sequence that the reader has seen; 0 to begin with the first event.</param>
    /// <param name="maxLag">How far behind the newest event the reader may fall before it gets a gap; at most the capacity.</param>
    public EventCursor OpenCursor(long after, int maxLag)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLag, 1);
        return new EventCursor(this, _signal, after + 1, Math.Min(maxLag, _ring.Length));
    }

    public void Append(EventEnvelope envelope)
    {
        Volatile.Write(ref _ring[envelope.Sequence & (_ring.Length - 1)], envelope);
        Volatile.Write(ref _newest, envelope.Sequence);
    }

    /// <summary>Wakes the readers that wait. Called once per batch, not once per event.</summary>
    public void Signal() => _signal.Raise();

    public void Complete()
    {
        _completed = true;
        _signal.Raise();
    }
}
