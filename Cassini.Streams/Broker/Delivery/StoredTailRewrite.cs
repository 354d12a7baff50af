using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// Writes the messages of one session that are in the store alone to the store once more. Thread-safe, by the session's lock; one run at a
/// time.
/// </summary>
internal sealed class StoredTailRewrite(Lock sessionLock, WaitingMessages waiting, SessionJournal journal)
{
    /// <summary>About how many bytes are written anew at once.</summary>
    private const int BytesAtOnce = 1 << 20;

    /// <summary>How often it is tried to read them for that.</summary>
    private const int Attempts = 3;

    /// <summary>
    /// Writes a piece at a time, and each is durable before the next: meanwhile its messages are where they were. When they cannot be read,
    /// the session stays as it was written before.
    /// </summary>
    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RewriteEachAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Health tells it. The other sessions are written anew.
            lock (sessionLock)
            {
                journal.AbandonRewrite();
            }
        }
    }

    private async ValueTask RewriteEachAsync(CancellationToken cancellationToken)
    {
        var from = 0L;
        while (await ReadAsync(from, cancellationToken).ConfigureAwait(false) is { Count: > 0 } read)
        {
            from = read[^1].Sequence + 1;
            long ticket;
            List<(long Sequence, StoredPlace Place)> places;
            lock (sessionLock)
            {
                places = waiting.Tail?.PutAgain(read) ?? [];
                ticket = journal.LastTicket;
            }

            await journal.Durability.WhenReachedAsync(ticket, cancellationToken).ConfigureAwait(false);
            lock (sessionLock)
            {
                waiting.Tail?.Move(places);
            }
        }

        lock (sessionLock)
        {
            waiting.Tail?.EndRewrite();
        }
    }

    private async ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(long from, CancellationToken cancellationToken)
    {
        return NextLocked().Length == 0
            ? []
            : await journal.ReadAsync(NextLocked, Attempts, cancellationToken).ConfigureAwait(false);

        StoredCopy[] NextLocked()
        {
            lock (sessionLock)
            {
                return waiting.Tail?.NextOfRewrite(from, BytesAtOnce) ?? [];
            }
        }
    }
}
