namespace Cassini.Streams.Broker.Durable;

/// <summary>
/// How far the changes of a store are durable. Each change has a ticket. What must not be sent before a change is durable waits for its
/// ticket. Thread-safe.
/// </summary>
internal sealed class Durability : Watermark
{
    [ThreadStatic]
    private static long _ofThread;

    // Not disposed: it has no timer and no parent, and who waits may still ask for its token.
    private readonly CancellationTokenSource _closed = new();

    /// <summary>
    /// Cancelled when the store is closed: what waits in the background until it can be written or read ends, and is found by the next
    /// start.
    /// </summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>The calling thread has made a change, or found one that others made and that it answers for.</summary>
    public static void Note(long ticket) => _ofThread = Math.Max(_ofThread, ticket);

    /// <summary>The highest ticket that the calling thread has noted.</summary>
    public static long Noted => _ofThread;

    /// <summary>The same, and the thread begins anew. Called before a piece of work, and at its end.</summary>
    public static long TakeNoted()
    {
        var noted = _ofThread;
        _ofThread = 0;
        return noted;
    }

    /// <summary>The store is closed. For the store.</summary>
    public Task CloseAsync() => _closed.CancelAsync();
}
