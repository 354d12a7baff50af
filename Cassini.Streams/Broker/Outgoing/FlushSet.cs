namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// The outboxes that got something while a batch was handled: they are flushed together at its end, so that a batch of messages
/// becomes one write. Belongs to one thread at a time.
/// </summary>
internal sealed class FlushSet
{
    private readonly List<Outbox> _waiting = [];

    public void Add(Outbox outbox) => _waiting.Add(outbox);

    /// <summary>
    /// Sends what has gathered. The last outbox is served on this very thread, which saves a hop and is what makes a lone message
    /// quick; the others go to the pool.
    /// </summary>
    /// <param name="inline">False for a thread that is not ours.</param>
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
