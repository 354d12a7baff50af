namespace Cassini.Streams.Broker.Durable;

/// <summary>
/// What the answers to a piece of work wait for beside the store: that other nodes have what it did. Of each watermark the highest ticket.
/// For one thread at a time.
/// </summary>
internal sealed class AwaitList
{
    [ThreadStatic]
    private static AwaitList? _ofThread;

    // A few: one for each node that is concerned.
    private readonly List<(Watermark Of, long Ticket)> _tickets = [];

    /// <summary>Whether nothing is waited for any more. Any thread, once nothing is added.</summary>
    public bool IsReached => _tickets.TrueForAll(static one => one.Of.IsReached(one.Ticket));

    /// <summary>The calling thread has done something that its answers wait for.</summary>
    public static void Note(Watermark of, long ticket) => (_ofThread ??= new AwaitList()).Add(of, ticket);

    /// <summary>What the calling thread has noted, and the thread begins anew; null for nothing.</summary>
    public static AwaitList? TakeNoted()
    {
        var noted = _ofThread;
        _ofThread = null;
        return noted;
    }

    /// <summary>Puts back what was taken, together with what was noted since.</summary>
    public static void PutBack(AwaitList? taken) => _ofThread = Merge(taken, _ofThread);

    /// <summary>
    /// Both together. Neither is changed, because answers that were sent before may wait for it: the result may be one of them.
    /// </summary>
    public static AwaitList? Merge(AwaitList? one, AwaitList? other)
    {
        if (one is null || other is null)
        {
            return one ?? other;
        }

        var both = new AwaitList();
        foreach (var (of, ticket) in one._tickets.Concat(other._tickets))
        {
            both.Add(of, ticket);
        }

        return both;
    }

    /// <summary>Waits for the first that is not reached.</summary>
    /// <returns>False when all are.</returns>
    public bool TryWait(IDurabilityWaiter waiter) => _tickets.Exists(one => one.Of.TryWait(one.Ticket, waiter));

    /// <summary>The waiter waits no more.</summary>
    public void Forget(IDurabilityWaiter waiter) => _tickets.ForEach(one => one.Of.Forget(waiter));

    /// <summary>Ends when nothing is waited for any more.</summary>
    public async Task WhenReachedAsync(CancellationToken cancellationToken)
    {
        foreach (var (of, ticket) in _tickets)
        {
            await of.WhenReachedAsync(ticket, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether more may be done: see <see cref="Watermark.Room"/>.</summary>
    public bool HasRoom => _tickets.TrueForAll(static one => one.Of.IsReached(one.Of.Room));

    /// <summary>Ends when more may be done.</summary>
    public async Task WhenRoomAsync(CancellationToken cancellationToken)
    {
        foreach (var (of, _) in _tickets)
        {
            await of.WhenReachedAsync(of.Room, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Add(Watermark of, long ticket)
    {
        var at = _tickets.FindIndex(one => one.Of == of);
        if (at < 0)
        {
            _tickets.Add((of, ticket));
        }
        else if (ticket > _tickets[at].Ticket)
        {
            _tickets[at] = (of, ticket);
        }
    }
}
