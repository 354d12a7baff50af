namespace Cassini.Streams.Broker;

/// <summary>
/// Lets messages in until the broker drains. A message counts as taken in only where a reader asked within its batch, and whoever
/// closes waits for the batches under way: afterwards nothing is acknowledged that was not delivered or queued before. Thread-safe.
/// </summary>
internal sealed class Intake
{
    private volatile bool _closed;
    private int _locals;

    /// <summary>Whether messages are no longer taken.</summary>
    public bool IsClosed => _closed;

    /// <summary>Whether .NET code is in the middle of publishing.</summary>
    public bool IsLocalPublishing => Volatile.Read(ref _locals) > 0;

    /// <summary>Takes no more from now on, but for batches that have begun.</summary>
    public void Close()
    {
        _closed = true;

        // Before anyone looks whether a batch is under way: it began before and is seen, or it begins later and sees this.
        Interlocked.MemoryBarrier();
    }

    /// <summary>.NET code begins to publish. Ends with <see cref="LeaveLocal"/>, whatever the answer.</summary>
    /// <returns>False when nothing is taken any more.</returns>
    public bool TryEnterLocal()
    {
        Interlocked.Increment(ref _locals);
        return !_closed;
    }

    public void LeaveLocal() => Interlocked.Decrement(ref _locals);
}
