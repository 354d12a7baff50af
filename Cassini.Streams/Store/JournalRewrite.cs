namespace Cassini.Streams.Store;

/// <summary>
/// How large the journal is, how much of it lives, and how far a rewrite of what lives has come. Everything but its counters is under the
/// gate of the buffer. Thread-safe.
/// </summary>
/// <param name="buffer">Where the changes go.</param>
/// <param name="compactBytes">How large it may become before what is dead in it is dropped.</param>
/// <param name="space">Whether there is room to write anew what lives.</param>
internal sealed class JournalRewrite(ChangeBuffer buffer, long compactBytes, StoreSpace space)
{
    /// <summary>Less is not worth a rewrite.</summary>
    private const long LeastFreed = 256 << 10;

    private readonly HashSet<SessionLog> _sessions = [];
    private bool _isPressed;
    private long _since;
    private long _firstGroup;
    private long _before;
    private long _dropBefore;
    private long _toDrop;
    private long _bytes;
    private long _liveBytes;
    private long _count;

    // What was measured last, and what was estimated then; null until there is an estimate.
    private (long Measured, long Estimated)? _estimate;

    /// <summary>The bytes of all groups.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// The bytes that the last rewrite wrote, or that lived at the start, and no more than live now. What was written since is left out:
    /// as a rule most of it is dead.
    /// </summary>
    public long LiveBytes => Volatile.Read(ref _liveBytes);

    /// <summary>How many rewrites there were.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Whether it is time for one.</summary>
    /// <remarks>
    /// A rewrite costs as much as lives, so there is one only when three times as much was written since the last one; when messages are
    /// refused for want of room, as soon as it frees a good part of what it costs.
    /// </remarks>
    public bool IsDue
    {
        get
        {
            var (bytes, live) = (Bytes, LiveBytes);
            var isLarge = bytes >= Math.Max(compactBytes, 4 * live);
            var isWorthIt = IsPressed && bytes >= LeastFreed + (2 * live);
            return Volatile.Read(ref _toDrop) == 0 && (isLarge || isWorthIt) && space.HasRoomFor(live);
        }
    }

    /// <summary>Whether messages are refused for want of room.</summary>
    public bool IsPressed
    {
        get => Volatile.Read(ref _isPressed);
        set => Volatile.Write(ref _isPressed, value);
    }

    /// <summary>Whether <see cref="NoteDropped"/> is still to come.</summary>
    public bool IsDropping => Volatile.Read(ref _toDrop) > 0;

    /// <summary>Groups with smaller numbers are to be dropped.</summary>
    public long DropBefore => Volatile.Read(ref _dropBefore);

    /// <summary>So large is what was found at the start, and about so much of it lives.</summary>
    public void Begin(long bytes, long live)
    {
        Volatile.Write(ref _bytes, bytes);
        Volatile.Write(ref _liveBytes, Math.Min(live, bytes));
    }

    /// <summary>About so many bytes live now. The scale is the caller's: what counts is the part left since the last rewrite.</summary>
    public void NoteLive(long estimate)
    {
        lock (buffer.Gate)
        {
            if (_since > 0)
            {
                return;
            }

            if (_estimate is not var (measured, then))
            {
                (measured, then) = (_liveBytes, estimate);
                _estimate = (measured, then);
            }

            if (estimate < then)
            {
                Volatile.Write(ref _liveBytes, Math.Min(_liveBytes, (long)(measured * ((double)estimate / then))));
            }
        }
    }

    /// <summary>A session lives from now on.</summary>
    public void AddLocked(SessionLog session) => _sessions.Add(session);

    /// <summary>A session has ended.</summary>
    public void Forget(SessionLog session)
    {
        lock (buffer.Gate)
        {
            _sessions.Remove(session);
        }
    }

    /// <summary>From the open group on, everything that lives is written anew.</summary>
    public void BeginLocked()
    {
        _since = buffer.TicketLocked;
        _firstGroup = 0;
    }

    /// <summary>Everything that lives was written anew, and is durable: what is older may be dropped.</summary>
    public void EndLocked()
    {
        if (_sessions.All(session => session.CompleteSince >= _since))
        {
            Volatile.Write(ref _dropBefore, _firstGroup);
            Volatile.Write(ref _toDrop, _before);
        }
        else
        {
            // A session that began before was not found. All counts as living until the next time, which so is not at once.
            Volatile.Write(ref _liveBytes, Bytes);
        }

        _since = 0;
        _estimate = null;
        Volatile.Write(ref _count, _count + 1);
        buffer.SignalLocked();
    }

    /// <summary>A group was appended.</summary>
    public void NoteAppended(long number, int bytes, long ticket)
    {
        lock (buffer.Gate)
        {
            if (_since > 0 && ticket >= _since)
            {
                if (_firstGroup == 0)
                {
                    (_firstGroup, _before) = (number, _bytes);
                    Volatile.Write(ref _liveBytes, 0);
                }

                Volatile.Write(ref _liveBytes, _liveBytes + bytes);
            }

            Volatile.Write(ref _bytes, _bytes + bytes);
        }
    }

    /// <summary>All groups before <see cref="DropBefore"/> are dropped.</summary>
    public void NoteDropped()
    {
        lock (buffer.Gate)
        {
            Volatile.Write(ref _bytes, _bytes - _toDrop);
            _before = Math.Max(0, _before - _toDrop);
            Volatile.Write(ref _toDrop, 0);
        }
    }
}
