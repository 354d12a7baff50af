using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// What is to be sent to one client. Any thread appends encoded packets under a short lock; one drain at a time sends what has gathered,
/// one TLS record at a time. Holds no buffer while there is nothing to send. Thread-safe.
/// </summary>
internal sealed class Outbox : IFlushable, IDurabilityWaiter
{
    private readonly Lock _lock = new();
    private readonly BrokerCounters _counters;
    private readonly IOutboxOwner _owner;
    private readonly OutboxBuffer _waiting;
    private readonly TopicAliases? _aliases;
    private readonly OutboxDrain _drain;
    private readonly Durability _durability;
    private BackPressure _pressure;
    private volatile OutboxState _state;
    private TaskCompletionSource? _idle;

    public Outbox(
        Stream stream, OutboxLimits limits, AccountMemory memory, IdentityWork work, Durability durability, BrokerCounters counters,
        IOutboxOwner owner, TimeProvider time)
    {
        _durability = durability;
        Limits = limits;
        _counters = counters;
        _owner = owner;
        _waiting = new OutboxBuffer(memory);
        _pressure = new BackPressure(_waiting, limits);
        _aliases = limits.TopicAliases > 0 ? new TopicAliases(limits.TopicAliases) : null;
        _drain = new OutboxDrain(this, stream, memory.Account, work, time);
    }

    /// <summary>Notified when the backlog has shrunk, after <see cref="NotifyWhenDrained"/>. Null before a session sends on it.</summary>
    public IOutboxSource? Source { get; set; }

    public OutboxLimits Limits { get; }

    public ProtocolVersion Version => Limits.Version;

    /// <summary>Whether it takes and sends no more.</summary>
    public bool IsClosed => _state == OutboxState.Closed;

    /// <summary>Messages that wait to be sent.</summary>
    public int Messages => _waiting.Messages;

    /// <inheritdoc cref="OutboxDrain.Stalled"/>
    public TimeSpan? Stalled => _drain.Stalled;

    /// <inheritdoc cref="BackPressure.IsBackedUp"/>
    public bool IsBackedUp => _pressure.IsBackedUp;

    /// <inheritdoc cref="BackPressure.IsOverLimit"/>
    public bool IsOverLimit => _pressure.IsOverLimit;

    /// <summary>Ends when the backlog is small enough to read again, or the outbox is closed.</summary>
    public Task WhenUnderLimitAsync()
    {
        lock (_lock)
        {
            return _state == OutboxState.Closed ? Task.CompletedTask : _pressure.WhenUnderLimitAsync();
        }
    }

    /// <summary>Asks for one notification of <see cref="Source"/>.</summary>
    /// <returns>False when the outbox is not backed up any more: then there is none.</returns>
    public bool NotifyWhenDrained()
    {
        lock (_lock)
        {
            return _pressure.NotifyWhenDrained();
        }
    }

    /// <summary>Notifies <see cref="Source"/> now, as when the backlog has shrunk. On a thread of the pool.</summary>
    public void Notify() => OutboxNotice.TrySend(Source, this, _owner);

    /// <summary>
    /// Whether one more of the messages that the broker sends of itself should be appended. If not, <see cref="Source"/> is notified when
    /// it should.
    /// </summary>
    public bool TakesMoreOfBurst()
    {
        lock (_lock)
        {
            return _state != OutboxState.Closed && _pressure.TakesMoreOfBurst();
        }
    }

    /// <summary>
    /// Appends a number of answers. They are never dropped: when many wait, nothing is read that causes more, see
    /// <see cref="IsOverLimit"/>.
    /// </summary>
    /// <param name="answers">The packets.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="after">
    /// The ticket of what must be durable before they are sent; 0 for nothing. What is appended later waits behind them.
    /// </param>
    public void Append(ReadOnlySpan<byte> answers, FlushSet flushes, int count = 1, long after = 0)
    {
        lock (_lock)
        {
            if (_state != OutboxState.Closed)
            {
                _waiting.Hold(after);
                answers.CopyTo(_waiting.AppendAnswers(answers.Length, count));
                NoteLocked(flushes);
            }
        }
    }

    /// <summary>Appends a QoS 0 copy of a message. It is dropped when the client is too far behind.</summary>
    public OutboxVerdict Offer(in Publication message, Subscription subscription, FlushSet flushes)
    {
        var retain = message.Retain && subscription.RetainAsPublished;
        if (!message.Frame.IsEmpty && message.FrameVersion == Limits.Version && retain == message.Retain
            && subscription.Identifiers.Length == 0 && _aliases is null)
        {
            return OfferFrame(message.Frame, message.Payload.Length, flushes);
        }

        var copy = new OutgoingMessage(message, subscription);
        return Offer(ref copy, flushes);
    }

    /// <summary>Appends a message. It is dropped when the client is too far behind and its QoS is 0.</summary>
    /// <param name="message">The message.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <param name="isPaced">Whether it is of a burst that asked <see cref="TakesMoreOfBurst"/> before: then it is not dropped.</param>
    /// <param name="after">The ticket of what must be durable before it is sent; 0 for nothing.</param>
    public OutboxVerdict Offer(ref OutgoingMessage message, FlushSet flushes, bool isPaced = false, long after = 0)
    {
        var mayDrop = message.QoS == QualityOfService.AtMostOnce && !isPaced;
        lock (_lock)
        {
            if (RejectLocked(mayDrop) is { } rejected)
            {
                return rejected;
            }

            if (!message.TryFit(Limits, _aliases, out var size))
            {
                return OutboxVerdict.TooLarge;
            }

            if (mayDrop && _pressure.MustDrop(size))
            {
                message.TakeBackAlias(_aliases);
                return OutboxVerdict.Full;
            }

            _waiting.Hold(after);
            if (message.Shareable is { } shared)
            {
                message.WriteHead(_waiting.AppendShared(size - message.PayloadLength, shared), Limits.Version);
            }
            else
            {
                message.Write(_waiting.AppendMessage(size, message.PayloadLength), Limits.Version);
            }

            NoteLocked(flushes);
            return OutboxVerdict.Taken;
        }
    }

    /// <inheritdoc/>
    public void Flush(bool inline)
    {
        lock (_lock)
        {
            if (_state != OutboxState.Noted)
            {
                return;
            }

            _state = OutboxState.Draining;
        }

        _drain.Start(inline);
    }

    /// <inheritdoc/>
    public void OnDurable(FlushSet flushes)
    {
        lock (_lock)
        {
            if (_state == OutboxState.Held)
            {
                _state = OutboxState.Noted;
                flushes.Add(this);
            }
        }
    }

    /// <summary>Ends when all is sent, or sending failed.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            return _state is OutboxState.Idle or OutboxState.Closed
                ? Task.CompletedTask
                : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Drops what was not sent and takes no more. A write under way ends by itself, or with its stream.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _state = OutboxState.Closed;
            _waiting.Clear();
            _pressure.Release();
            _idle?.TrySetResult();
            _durability.Forget(this);
        }
    }

    /// <summary>Whether there is more to send; if not, the drain ends. For the drain.</summary>
    /// <param name="take">
    /// Whether to take the next segment as well. None is held while the drain changes threads, because the outbox may be closed meanwhile;
    /// but the rest of a large message is, and the drain then asks whether it was closed.
    /// </param>
    /// <param name="next">The segment, if it is taken.</param>
    /// <param name="moreFollows">Whether what is behind it can be sent at once as well, unless the outbox is closed.</param>
    internal bool HasNext(bool take, out OutboxSegment next, out bool moreFollows)
    {
        next = default;
        moreFollows = false;
        lock (_lock)
        {
            if (_state == OutboxState.Closed)
            {
                return false;
            }

            if (!_waiting.IsEmpty)
            {
                if (_waiting.After is > 0 and var after && _durability.TryWait(after, this))
                {
                    _state = OutboxState.Held;
                    return false;
                }

                if (take)
                {
                    next = _waiting.TakeNext();
                    moreFollows = !_waiting.IsEmpty && _durability.IsReached(_waiting.After);
                }

                return true;
            }

            _state = OutboxState.Idle;
            _idle?.TrySetResult();
            _idle = null;
            return false;
        }
    }

    /// <summary>A write has ended. For the drain.</summary>
    /// <param name="sent">What was to be written; given back.</param>
    /// <param name="failure">What the stream threw; null when it is written.</param>
    /// <returns>Whether the drain goes on.</returns>
    internal bool Settle(ref OutboxSegment sent, Exception? failure)
    {
        bool wasOpen;
        var notify = false;
        lock (_lock)
        {
            wasOpen = _state != OutboxState.Closed;
            if (failure is null)
            {
                _counters.AddSent(sent.Traffic);
            }

            if (wasOpen)
            {
                _waiting.Settle(sent);
                notify = _pressure.Ease();
            }

            _waiting.Free(ref sent);
        }

        if (failure is not null)
        {
            Close();
            if (wasOpen)
            {
                _owner.OnSendFailed(failure);
            }

            return false;
        }

        return !notify || OutboxNotice.TrySend(Source, this, _owner);
    }

    private OutboxVerdict OfferFrame(ReadOnlySpan<byte> frame, int payload, FlushSet flushes)
    {
        lock (_lock)
        {
            var verdict = frame.Length > Limits.MaxPacketSize ? OutboxVerdict.TooLarge
                : RejectLocked(mayDrop: true) is { } rejected ? rejected
                : _pressure.MustDrop(frame.Length) ? OutboxVerdict.Full
                : OutboxVerdict.Taken;
            if (verdict == OutboxVerdict.Taken)
            {
                frame.CopyTo(_waiting.AppendMessage(frame.Length, payload));
                NoteLocked(flushes);
            }

            return verdict;
        }
    }

    private OutboxVerdict? RejectLocked(bool mayDrop) =>
        _state == OutboxState.Closed ? OutboxVerdict.Closed
        : mayDrop && _pressure.MustDrop(isIdle: _state == OutboxState.Idle) ? OutboxVerdict.Full
        : null;

    private void NoteLocked(FlushSet flushes)
    {
        if (_state == OutboxState.Idle)
        {
            _state = OutboxState.Noted;
            flushes.Add(this);
        }
        else if (_state == OutboxState.Noted && _waiting.HasFullSegment)
        {
            // A whole record is ready: it is sent while the batch goes on.
            _state = OutboxState.Draining;
            _drain.Start(inline: false);
        }
    }
}
