namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// Slows down what fills an outbox whose client is behind: messages of QoS 1 and 2 wait in their session, and packets that cause answers
/// are not read. Belongs to the outbox's lock; only the two properties may be read without it.
/// </summary>
internal struct BackPressure(OutboxBuffer waiting, OutboxLimits limits)
{
    /// <summary>How many bytes of the messages that the broker sends of itself wait at most: enough for one turn of the drain.</summary>
    private const long LongestBurst = 16 * OutboxBuffer.FullSegment;

    /// <summary>How many bytes of answers wait at most before nothing is read that causes more.</summary>
    private const long MostAnswers = 256 * 1024;

    /// <summary>The same when the identity may take no more memory.</summary>
    private const long FewAnswers = 4 * 1024;

    private const long Never = -1;

    private TaskCompletionSource? _underLimit;
    private long _notifyAt = Never;

    /// <summary>Whether so much waits that a message that can wait elsewhere should.</summary>
    public readonly bool IsBackedUp => waiting.Bytes > limits.Bytes / 2;

    /// <summary>
    /// Whether so many answers wait that nothing should be read that causes more: they are never dropped.
    /// </summary>
    public readonly bool IsOverLimit => waiting.Answers > FewAnswers && (waiting.Answers > MostAnswers || waiting.IsMemoryShort);

    /// <summary>
    /// Whether a QoS 0 message that is just being published is dropped. While the identity may take no more memory, one waits at most.
    /// </summary>
    /// <param name="isIdle">Whether nothing waits.</param>
    public readonly bool MustDrop(bool isIdle) =>
        waiting.Messages >= limits.Messages || waiting.Bytes >= limits.Bytes || (!isIdle && waiting.IsMemoryShort);

    /// <summary>Whether it is dropped because of its size.</summary>
    public readonly bool MustDrop(int size) => size > OutboxBuffer.FullSegment && waiting.IsMemoryShort;

    /// <summary>Asks for a notification, if the outbox is backed up.</summary>
    /// <returns>Whether there will be one.</returns>
    public bool NotifyWhenDrained()
    {
        var notify = IsBackedUp;
        if (notify)
        {
            _notifyAt = Math.Max(_notifyAt, limits.Bytes / 4);
        }

        return notify;
    }

    /// <summary>
    /// Whether so little waits that a message that the broker sends of itself should be appended: it must not take the room of those that
    /// are being published. If not, there will be a notification.
    /// </summary>
    public bool TakesMoreOfBurst()
    {
        // While the identity may take no more memory, one waits at most.
        var most = Math.Min(LongestBurst, limits.Bytes / 4);
        if (waiting.Bytes == 0 || (waiting.Bytes <= most && waiting.Messages <= limits.Messages / 2 && !waiting.IsMemoryShort))
        {
            return true;
        }

        _notifyAt = Math.Max(_notifyAt, Math.Min(most / 2, waiting.Bytes - 1));
        return false;
    }

    public Task WhenUnderLimitAsync() => IsOverLimit
        ? (_underLimit ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
        : Task.CompletedTask;

    /// <summary>The backlog has shrunk: completes what waits for that.</summary>
    /// <returns>Whether the notification that was asked for is due.</returns>
    public bool Ease()
    {
        if (_underLimit is not null && waiting.Answers <= (waiting.IsMemoryShort ? FewAnswers : MostAnswers) / 2)
        {
            Release();
        }

        if (waiting.Bytes > _notifyAt)
        {
            return false;
        }

        _notifyAt = Never;
        return true;
    }

    /// <summary>Lets everything go that waits.</summary>
    public void Release()
    {
        // What continues does so on the pool, not under the lock.
        _underLimit?.TrySetResult();
        _underLimit = null;
    }
}
