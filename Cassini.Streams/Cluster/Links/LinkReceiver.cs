using System.Buffers;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;

namespace Cassini.Streams.Cluster.Links;

/// <summary>Delivers one message of a peer.</summary>
/// <returns>The ticket with which it is durable here; 0 when nothing of it is stored.</returns>
internal delegate long PeerDelivery(in PeerMessage message, FlushSet flushes);

/// <summary>
/// Receives the frames of a peer: those of QoS 1 and 2 each once and in their order, and acknowledges them when what they brought is
/// durable here. Frames come one after another; the rest is thread-safe.
/// </summary>
/// <param name="peer">The peer.</param>
/// <param name="deliver">Delivers a message.</param>
/// <param name="durability">How far this node's store is.</param>
/// <param name="time">The one clock.</param>
/// <param name="marked">Called with each mark, after what came before it was delivered.</param>
internal sealed class LinkReceiver(
    Subscriber peer, PeerDelivery deliver, Durability durability, TimeProvider time, Action<ulong> marked) : IDurabilityWaiter
{
    /// <summary>
    /// How long a frame is not acknowledged because something of it was handed on to another node. Two nodes that hand on to each other
    /// would wait for each other for ever, because acknowledgements keep their order.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The peer asks when it is back. So many times may it be lost again in between.</summary>
    private const int MostOver = 64;

    /// <summary>How long it waits for what it has asked for, before it asks once more.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>Of a packet of MQTT, with room for what a frame says beside it.</summary>
    private const int LargestPacket = (256 + 1) * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = new();

    // Of links that are over: the peer may ask how far they got.
    private readonly Queue<(ulong Link, long Received, long Ticket)> _over = new();
    private LinkSender? _sender;
    private TaskCompletionSource? _delivered;
    private ArrayBufferWriter<byte>? _parts;
    private NamedClients? _addressees;
    private ulong _link;
    private ulong _closed;
    private bool _refuses;
    private bool _isDelivering;
    private long _received;
    private long _ticket;
    private long _acknowledged;
    private long _fast;
    private long _missedAt = -1;
    private long _askedAt;

    /// <summary>The other direction, with which acknowledgements go; null while there is none.</summary>
    public LinkSender? Sender
    {
        get => Volatile.Read(ref _sender);
        set => Volatile.Write(ref _sender, value);
    }

    /// <summary>The most bytes of a message in parts. Nothing more is taken of a link with a larger one.</summary>
    public int LargestMessage { get; init; } = LargestPacket;

    /// <summary>
    /// The run of the peer: what comes from another one is late. A later one may have had the name, so its numbers may be higher. 0 when it
    /// is not known.
    /// </summary>
    public ulong Run { get; init; }

    /// <summary>A frame came.</summary>
    public void Receive(ReadOnlyMemory<byte> frame)
    {
        // A damaged frame is sent again if it matters; one of a link that the peer has given up comes late.
        if (!FrameHeader.TryRead(frame.Span, out var header) || header.Sender < _link || header.Sender <= Volatile.Read(ref _closed)
            || !LinkNumber.IsOf(header.Sender, Run))
        {
            return;
        }

        if (Volatile.Read(ref _refuses))
        {
            Sender?.OnAcknowledged(header, frame.Span[FrameHeader.Size..]);
            return;
        }

        if (header.Sender > _link)
        {
            Begin(header.Sender);
        }

        var body = frame.Span[FrameHeader.Size..];
        Sender?.OnAcknowledged(header, body);
        switch (header.Kind)
        {
            case FrameKind.Fast:
                DeliverAll(body);
                NoteFast(header.Number);
                Acknowledge();
                break;
            case FrameKind.Sure or FrameKind.Part:
                OnSure(header, body);
                break;
            default:
                NoteFast(header.Number);
                break;
        }
    }

    /// <inheritdoc/>
    public void OnDurable(FlushSet flushes) => ReleaseDurable();

    /// <summary>Looks whether something waits for another node for too long. For a timer.</summary>
    public void Look()
    {
        bool isAny;
        lock (_lock)
        {
            isAny = _waiting.Count > 0;
        }

        if (isAny)
        {
            ReleaseDurable();
        }
    }

    /// <summary>Takes nothing more, whatever the link. Acknowledgements count.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            Volatile.Write(ref _refuses, true);
        }
    }

    /// <summary>Takes messages again, of a link and of later ones.</summary>
    /// <returns>False when the peer can have no such link: nothing has changed.</returns>
    public bool TryTakeFrom(ulong link)
    {
        if (!LinkNumber.IsOf(link, Run))
        {
            return false;
        }

        lock (_lock)
        {
            _closed = Math.Max(_closed, Math.Max(link, 1) - 1);
            Volatile.Write(ref _refuses, false);
        }

        return true;
    }

    /// <summary>Takes nothing more of a link that the peer has given up.</summary>
    /// <param name="link">The number of the link.</param>
    /// <returns>The highest number of its frames that has come, with all before it, and that is durable here.</returns>
    public async Task<long> CloseAsync(ulong link)
    {
        var delivered = Task.CompletedTask;
        lock (_lock)
        {
            _closed = Math.Max(_closed, link);
            if (_isDelivering)
            {
                delivered = (_delivered ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }

        await delivered.ConfigureAwait(false);
        (ulong Link, long Received, long Ticket) closed;
        lock (_lock)
        {
            // Of one that is unknown nothing has come.
            closed = link == _link ? (_link, _received, _ticket) : _over.FirstOrDefault(over => over.Link == link);
        }

        await durability.WhenReachedAsync(closed.Ticket, durability.Closed).ConfigureAwait(false);
        return closed.Received;
    }

    /// <summary>Nothing comes any more.</summary>
    public void End()
    {
        Sender = null;
        Forget();
    }

    private void Begin(ulong link)
    {
        lock (_lock)
        {
            _over.Enqueue((_link, _received, _ticket));
            if (_over.Count > MostOver)
            {
                _over.Dequeue();
            }

            _link = link;
            _parts = null;
            _addressees = null;
            (_received, _acknowledged, _ticket, _fast, _missedAt) = (0, 0, 0, 0, -1);
        }

        Forget();
    }

    private void Forget()
    {
        lock (_lock)
        {
            foreach (var waiting in _waiting)
            {
                waiting.Elsewhere?.Forget(this);
            }

            _waiting.Clear();
        }

        durability.Forget(this);
    }

    private void OnSure(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        var number = header.Number;
        if (number <= _received)
        {
            // Sent again, because the acknowledgement was lost.
            Acknowledge();
        }
        else if (number == _received + 1)
        {
            if (header.Kind == FrameKind.Part)
            {
                TakePart(number, body);
            }
            else if (TryTake(number, _parts is null ? body : Whole(body)))
            {
                ReleaseDurable();
            }
        }
        else if (_missedAt != _received || time.GetElapsedTime(_askedAt) >= AskAgainAfter)
        {
            // Not asked for with each frame that is under way already: all would be sent for each of them.
            (_missedAt, _askedAt) = (_received, time.GetTimestamp());
            Acknowledge(missing: _received + 1);
        }
    }

    private void TakePart(long number, ReadOnlySpan<byte> body)
    {
        _parts ??= new ArrayBufferWriter<byte>();
        var isTooLarge = _parts.WrittenCount + body.Length > LargestMessage;
        if (isTooLarge)
        {
            // No message is so large: it would never end.
            _parts = null;
        }
        else
        {
            // Acknowledged with the last one: until then the sender must keep all of it.
            _parts.Write(body);
        }

        lock (_lock)
        {
            if (isTooLarge)
            {
                _closed = Math.Max(_closed, _link);
            }
            else
            {
                _received = number;
            }
        }
    }

    private ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> last)
    {
        var parts = _parts!;
        parts.Write(last);
        _parts = null;
        return parts.WrittenSpan;
    }

    /// <returns>False when the link was closed.</returns>
    private bool TryTake(long number, ReadOnlySpan<byte> body)
    {
        lock (_lock)
        {
            if (_link <= _closed || _refuses)
            {
                return false;
            }

            _isDelivering = true;
        }

        var before = AwaitList.TakeNoted();
        long? ticket = null;
        try
        {
            ticket = DeliverAll(body);
        }
        finally
        {
            var elsewhere = AwaitList.TakeNoted();
            AwaitList.PutBack(before);
            lock (_lock)
            {
                if (ticket is { } reached)
                {
                    _received = number;
                    _ticket = Math.Max(_ticket, reached);
                    _waiting.Enqueue(new Waiting(number, reached, elsewhere, time.GetTimestamp()));
                }

                _isDelivering = false;
                _delivered?.TrySetResult();
                _delivered = null;
            }
        }

        return true;
    }

    private long DeliverAll(ReadOnlySpan<byte> body)
    {
        var flushes = new FlushSet();
        var ticket = 0L;
        try
        {
            while (true)
            {
                if (FrameRecord.TryReadMark(ref body, out var mark))
                {
                    marked(mark);
                }
                else if (FrameRecord.TryReadAddressing(ref body, out var addressing, out var clients))
                {
                    Address(addressing, clients);
                }
                else if (FrameRecord.TryRead(ref body, peer, out var message))
                {
                    message.Addressees = message.Audience == Audience.Keepers ? _addressees : null;
                    ticket = Math.Max(ticket, deliver(message, flushes));
                }
                else
                {
                    break;
                }
            }
        }
        finally
        {
            flushes.Flush(inline: false);
        }

        return ticket;
    }

    private void Address(Addressing addressing, ulong[] clients)
    {
        if (addressing != Addressing.More)
        {
            _addressees = addressing == Addressing.Everyone ? null : new NamedClients(isExcept: addressing == Addressing.Except);
        }

        _addressees?.Add(clients);
    }

    /// <summary>Acknowledges what is durable, in its order.</summary>
    private void ReleaseDurable()
    {
        lock (_lock)
        {
            while (_waiting.TryPeek(out var next))
            {
                if (durability.TryWait(next.Ticket, this)
                    || (next.Elsewhere?.TryWait(this) is true && time.GetElapsedTime(next.Since) < Patience))
                {
                    break;
                }

                next.Elsewhere?.Forget(this);
                _waiting.Dequeue();
                _acknowledged = next.Number;
            }
        }

        Acknowledge();
    }

    private void NoteFast(long position)
    {
        lock (_lock)
        {
            _fast = Math.Max(_fast, position);
        }
    }

    private void Acknowledge(long? missing = null)
    {
        lock (_lock)
        {
            Sender?.Acknowledge(_link, _acknowledged, _fast, missing);
        }
    }

    /// <summary>A frame that is not acknowledged yet.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Ticket">With which it is durable here.</param>
    /// <param name="Elsewhere">What was handed on to other nodes; null for nothing.</param>
    /// <param name="Since">When it came: a timestamp.</param>
    private readonly record struct Waiting(long Number, long Ticket, AwaitList? Elsewhere, long Since);
}
