namespace Cassini.Streams.Broker.Model;

/// <summary>
/// The outboxes that were written to while a batch was handled. They are flushed together at its end, so that a batch of messages
/// becomes one write. Used by one thread at a time.
/// </summary>
internal sealed class FlushSet
{
    // Most batches write to one outbox: that of the client that sent them.
    private readonly List<IFlushable> _waiting = new(capacity: 1);

    /// <summary>How many outboxes wait to be flushed.</summary>
    public int Count => _waiting.Count;

    public void Add(IFlushable outbox) => _waiting.Add(outbox);

    /// <summary>
    /// Flushes every outbox. The last one is flushed on this thread, because that saves a single message a thread switch; the others are
    /// flushed on the thread pool.
    /// </summary>
    /// <param name="inline">False on a thread that the broker must not hold up: then the pool flushes all of them.</param>
    public void Flush(bool inline = true)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        var last = _waiting.Count - 1;
        for (var i = 0; i < last; i++)
        {
            _waiting[i].Flush(inline: false);
        }

        var outbox = _waiting[last];
        _waiting.Clear();
        outbox.Flush(inline);
    }
}
