namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// Slows down what fills an outbox whose client is behind: messages of QoS 1 and 2 wait in their session, and packets that cause answers
/// are not read. Belongs to the outbox's lock; only the two properties may be read without it.
/// </summary>
internal struct BackPressure(OutboxBuffer waiting, long limit)
{
    private TaskCompletionSource? _underLimit;
    private bool _notifyWhenDrained;

    /// <summary>Whether so much waits that a message that can wait elsewhere should.</summary>
    public readonly bool IsBackedUp => waiting.Bytes > limit / 2;

    /// <summary>
    /// Whether so much waits that nothing should be read that causes more. Only answers can be so many, because they are never dropped.
    /// </summary>
    public readonly bool IsOverLimit => waiting.Bytes > 2 * limit;

    /// <summary>Asks for a notification, if the outbox is backed up.</summary>
    /// <returns>Whether there will be one.</returns>
    public bool NotifyWhenDrained() => _notifyWhenDrained = IsBackedUp;

    public Task WhenUnderLimitAsync() => IsOverLimit
        ? (_underLimit ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
        : Task.CompletedTask;

    /// <summary>The backlog has shrunk: completes what waits for that.</summary>
    /// <returns>Whether the notification that was asked for is due.</returns>
    public bool Ease()
    {
        if (_underLimit is not null && waiting.Bytes <= limit + (limit / 4))
        {
            Release();
        }

        var notify = _notifyWhenDrained && waiting.Bytes <= limit / 4;
        _notifyWhenDrained &= !notify;
        return notify;
    }

    /// <summary>Lets everything go that waits.</summary>
    public void Release()
    {
        // What continues does so on the pool, not under the lock.
        _underLimit?.TrySetResult();
        _underLimit = null;
    }
}
