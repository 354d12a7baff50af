using System.Buffers;
using System.Buffers.Binary;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// Sends messages to a peer, in frames. Those of QoS 1 and 2 are kept, and sent again, until they are acknowledged; those of
/// QoS 0 are dropped when the peer takes no more. Never waits. Thread-safe.
/// </summary>
/// <param name="bus">Carries the frames.</param>
/// <param name="subject">Where the peer receives them.</param>
/// <param name="number">The number of this link: higher than that of any link to this peer before.</param>
/// <param name="options">The bounds.</param>
/// <param name="time">The one clock.</param>
internal sealed class LinkSender(IBus bus, string subject, ulong number, LinkOptions options, TimeProvider time) : IFlushable
{
    /// <summary>How many clients are named in one frame.</summary>
    private const int MostNamed = 2_000;

    private readonly Lock _lock = new();
    private readonly KeptFrames _kept = new(options.MostAgain);
    private FrameDraft _fast;
    private FrameDraft _sure;
    private long _lastSealed;
    private long _fastSent;
    private long _fastTaken;
    private long _dropped;
    private long _acknowledged;
    private ulong _peer;
    private long _received;
    private long _fastReceived;
    private int _stalled;
    private bool _hasMoved;
    private bool _isNoted;
    private bool _isOver;
    private bool _isBroken;
    private volatile bool _isDoubted;

    /// <summary>The number of this link.</summary>
    public ulong Number => number;

    /// <summary>Frames of QoS 1 and 2 that the peer has: their numbers are the tickets.</summary>
    public PeerWatermark Acknowledged { get; } = new();

    /// <summary>Messages of QoS 0 that were dropped: the peer takes no more, or they are too large for one message of the bus.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Adds a message. What is of QoS 1 or 2 is noted as what the answers of this thread wait for.</summary>
    /// <param name="message">The message.</param>
    /// <param name="qos">The quality of service of this copy.</param>
    /// <param name="audience">Which subscribers of the peer it is for.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <param name="share">The filter of the shared subscription that it is for; null when it is for all others.</param>
    /// <returns>False when the link is over: it was not added.</returns>
    public bool TryAdd(ref Publication message, QualityOfService qos, Audience audience, FlushSet flushes, string? share = null)
    {
        var most = FrameRecord.MostBytesOf(message, share);

        // Asked for here: a number is made for the message itself, not for a copy of it.
        var origin = qos == QualityOfService.AtMostOnce ? 0 : message.Origin;
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            var draft = new FrameDraft.Addition(qos, origin, audience, share, most);
            var isTooLarge = FrameHeader.Size + most > bus.LargestMessage;
            if (qos == QualityOfService.AtMostOnce)
            {
                if (isTooLarge || !AddLocked(ref _fast, message, draft))
                {
                    _dropped++;
                    return true;
                }
            }
            else
            {
                if (isTooLarge)
                {
                    AddInPartsLocked(message, draft);
                }
                else
                {
                    AddLocked(ref _sure, message, draft);
                }

                if (!_isDoubted)
                {
                    AwaitList.Note(Acknowledged, NextSure);
                }
            }

            if (!_isNoted)
            {
                _isNoted = true;
                flushes.Add(this);
            }
        }

        return true;
    }

    /// <summary>The number of the frame that holds what was added last of QoS 1 and 2.</summary>
    public long LastSure
    {
        get
        {
            lock (_lock)
            {
                return NextSure;
            }
        }
    }

    /// <summary>Whether the peer has acknowledged everything of QoS 1 and 2.</summary>
    public bool IsSettled
    {
        get
        {
            lock (_lock)
            {
                return _kept.IsEmpty && _sure.Length == 0;
            }
        }
    }

    /// <summary>Whether the peer has forgotten what it got on this link: only another link helps.</summary>
    public bool IsBroken
    {
        get
        {
            lock (_lock)
            {
                return _isBroken;
            }
        }
    }

    /// <summary>
    /// How often in a row it was looked at without that the peer had taken anything of what waits for it. Not as a time: that passes for a
    /// process that stands still, too.
    /// </summary>
    public int Stalled
    {
        get
        {
            lock (_lock)
            {
                return _stalled;
            }
        }
    }

    /// <summary>Whether publishers do not wait for it: the peer took nothing on the link before, and nothing yet on this one.</summary>
    public bool IsDoubted => _isDoubted;

    /// <summary>Whether nothing more is sent.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _isOver;
            }
        }
    }

    /// <summary>The peer took nothing on the link before: publishers do not wait for this one until it takes something.</summary>
    public void Doubt() => _isDoubted = true;

    /// <summary>Sends what another link had not got acknowledged. Before anything is added.</summary>
    /// <param name="body">A frame of it, without its header.</param>
    public void Take(ReadOnlySpan<byte> body)
    {
        lock (_lock)
        {
            SendInPartsLocked(body);
        }
    }

    /// <summary>Sends a mark behind everything of QoS 1 and 2 that was added before.</summary>
    public void Mark(ulong mark)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                SealSureLocked();
                _sure.AddMark(mark);
                SealSureLocked();
            }
        }
    }

    /// <summary>Says for which sessions that is which follows of <see cref="Audience.Keepers"/>; it holds until it is said again.</summary>
    /// <param name="addressing">Which.</param>
    /// <param name="clients">The hashes of their clients.</param>
    public void Address(Addressing addressing, IEnumerable<ulong> clients)
    {
        var room = (bus.LargestMessage - FrameHeader.Size - FrameRecord.MostBytesOfAddressing(0)) / sizeof(ulong);
        var most = Math.Clamp(room, 1, MostNamed);
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            SealSureLocked();
            foreach (var some in clients.Chunk(most).DefaultIfEmpty([]))
            {
                _sure.AddAddressing(addressing, some);
                SealSureLocked();
                addressing = Addressing.More;
            }
        }
    }

    /// <inheritdoc/>
    public void Flush(bool inline)
    {
        lock (_lock)
        {
            _isNoted = false;
            SealSureLocked();
            SealFastLocked();
        }
    }

    /// <summary>What this node has received: goes with each frame. An acknowledgement leaves at once.</summary>
    /// <param name="link">The peer's link.</param>
    /// <param name="received">The highest number that it has of it.</param>
    /// <param name="fast">The position of its fast frames.</param>
    /// <param name="missing">The number of the frame from which on the peer must send again; null when nothing is missing.</param>
    public void Acknowledge(ulong link, long received, long fast, long? missing = null)
    {
        lock (_lock)
        {
            (_peer, _received, _fastReceived) = (link, received, fast);
            AcknowledgeLocked(missing);
        }
    }

    /// <summary>What the peer has received.</summary>
    /// <param name="header">Of any frame of it.</param>
    /// <param name="body">The rest of the frame.</param>
    public void OnAcknowledged(in FrameHeader header, ReadOnlySpan<byte> body = default)
    {
        if (header.Receiver != number)
        {
            return;
        }

        long reached;
        lock (_lock)
        {
            _fastTaken = Math.Max(_fastTaken, Math.Min(header.FastReceived, _fastSent));
            _kept.Drop(header.Acknowledged);

            // It does not know what it has acknowledged: it has forgotten this node, and what follows comes to nothing there. A frame that
            // is sent again says what was so when it was made.
            _isBroken |= header.Kind is FrameKind.Acknowledgement or FrameKind.Missing && header.Acknowledged < _acknowledged;

            // Of a message in parts it acknowledges all at once, and says meanwhile from where on it misses something.
            var moves = header.Acknowledged > _acknowledged || header.Kind == FrameKind.Missing;
            _hasMoved |= moves;
            _isDoubted &= !moves && !_kept.IsEmpty;
            _acknowledged = reached = Math.Max(_acknowledged, Math.Min(header.Acknowledged, _lastSealed));
            ReviewRoomLocked();
            if (header.Kind == FrameKind.Missing)
            {
                // Of a message in parts it has more than it acknowledges, so it says where.
                _kept.GoOnFrom(BinaryPrimitives.TryReadInt64LittleEndian(body, out var missing) ? missing : 0);
                _kept.SendAgain(Send, time.GetTimestamp());
            }
        }

        Acknowledged.Reach(reached);
    }

    /// <summary>Looks whether something must be sent again, and tells the peer how far this node is. For a timer.</summary>
    /// <param name="isBack">Whether the bus has just been connected: what was sent before may be lost.</param>
    public void Look(bool isBack)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (!isBack)
            {
                _stalled = _kept.IsEmpty || _hasMoved || !bus.IsConnected ? 0 : _stalled + 1;
                _hasMoved = false;
            }

            if (_kept.FirstSentAt is { } sentAt && (isBack || time.GetElapsedTime(sentAt, now) >= options.SendAgainAfter))
            {
                _kept.SendAgain(Send, now);
            }

            AcknowledgeLocked(missing: null);
        }
    }

    /// <summary>The peer is lost, or is another run now: nothing more is sent.</summary>
    /// <param name="left">
    /// Gets the number of each frame with messages of QoS 1 and 2 that the peer has not acknowledged, and the frame without its header.
    /// </param>
    public void End(Action<long, ReadOnlyMemory<byte>> left)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            SealSureLocked();
            _isOver = true;
            _kept.GiveUp(left);
            _fast.Free();
            Acknowledged.Room = 0;
        }
    }

    /// <summary>Nobody waits for what was sent any more. After <see cref="End"/>.</summary>
    public void Release() => Acknowledged.Reach(long.MaxValue);

    private long NextSure => _lastSealed + (_sure.Length > 0 ? 1 : 0);

    private void AcknowledgeLocked(long? missing)
    {
        if (!_isOver)
        {
            Span<byte> room = stackalloc byte[FrameHeader.Size + sizeof(long)];
            var frame = room[..(missing is null ? FrameHeader.Size : room.Length)];
            if (missing is { } from)
            {
                BinaryPrimitives.WriteInt64LittleEndian(frame[FrameHeader.Size..], from);
            }

            HeaderLocked(missing is null ? FrameKind.Acknowledgement : FrameKind.Missing, _fastSent).Write(frame);
            Send(frame);
        }
    }

    /// <returns>False when it was not added, because the peer takes no more.</returns>
    private bool AddLocked(ref FrameDraft draft, in Publication message, in FrameDraft.Addition addition)
    {
        var (qos, _, _, _, most) = addition;
        if (draft.Length > 0
            && draft.Size + most > Math.Max(Math.Min(options.FrameSize, bus.LargestMessage), FrameHeader.Size + most))
        {
            if (qos == QualityOfService.AtMostOnce)
            {
                SealFastLocked();
            }
            else
            {
                SealSureLocked();
            }
        }

        if (qos == QualityOfService.AtMostOnce && _fastSent + draft.Length + most - _fastTaken > options.MostFast)
        {
            return false;
        }

        draft.Add(message, addition, Math.Max(options.FrameSize, FrameHeader.Size + most));
        return true;
    }

    private void SealSureLocked()
    {
        if (_sure.Length == 0)
        {
            return;
        }

        var (frame, length) = (_sure.Buffer!, _sure.Size);
        _sure = default;
        SendSureLocked(frame, length, FrameKind.Sure);
    }

    /// <summary>Sends a message that is too large for one frame.</summary>
    private void AddInPartsLocked(in Publication message, in FrameDraft.Addition addition)
    {
        SealSureLocked();
        var whole = ArrayPool<byte>.Shared.Rent(addition.Most);
        SendInPartsLocked(whole.AsSpan(0, addition.Write(whole, message)));
        ArrayPool<byte>.Shared.Return(whole);
    }

    private void SendInPartsLocked(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            var part = rest[..Math.Min(rest.Length, bus.LargestMessage - FrameHeader.Size)];
            rest = rest[part.Length..];
            var frame = ArrayPool<byte>.Shared.Rent(FrameHeader.Size + part.Length);
            part.CopyTo(frame.AsSpan(FrameHeader.Size));
            SendSureLocked(frame, FrameHeader.Size + part.Length, rest.IsEmpty ? FrameKind.Sure : FrameKind.Part);
        }
    }

    private void SendSureLocked(byte[] frame, int length, FrameKind kind)
    {
        HeaderLocked(kind, ++_lastSealed).Write(frame.AsSpan(0, length));
        _hasMoved |= _kept.IsEmpty;
        _kept.Add(_lastSealed, frame, length, kind == FrameKind.Part, time.GetTimestamp());
        ReviewRoomLocked();

        // What the bus does not take is sent again.
        Send(frame.AsSpan(0, length));
    }

    private void SealFastLocked()
    {
        if (_fast.Length == 0)
        {
            return;
        }

        _fastSent += _fast.Size;
        HeaderLocked(FrameKind.Fast, _fastSent).Write(_fast.Frame);
        if (!Send(_fast.Frame))
        {
            _dropped += _fast.Messages;
        }

        _fast.Free();
    }

    private bool Send(ReadOnlySpan<byte> frame) => bus.TryPublish(subject, frame);

    /// <summary>Publishers wait for the frame with which half of the room is free.</summary>
    private void ReviewRoomLocked() =>
        Acknowledged.Room = _kept.Bytes > options.MostKept ? _acknowledged + ((_lastSealed - _acknowledged + 1) / 2) : 0;

    private FrameHeader HeaderLocked(FrameKind kind, long value) => new(kind, number, _peer, value, _received, _fastReceived);
}
