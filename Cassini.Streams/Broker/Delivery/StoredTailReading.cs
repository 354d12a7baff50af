using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// Reads the messages of one session that wait in the store alone, a piece at a time, when few of those in memory are left. Thread-safe, by
/// the session's lock.
/// </summary>
/// <param name="sessionLock">The session's lock.</param>
/// <param name="waiting">What waits.</param>
/// <param name="journal">The store.</param>
/// <param name="read">Called after each piece, without the lock: it can be sent.</param>
/// <param name="failed">Called with a bug.</param>
internal sealed class StoredTailReading(
    Lock sessionLock, WaitingMessages waiting, SessionJournal journal, Action read, Action<Exception> failed)
{
    private bool _isReading;

    /// <summary>Messages may have been sent: it is looked whether others are needed.</summary>
    /// <param name="isConnected">Whether the session has a connection: for a client that is away nothing is read.</param>
    /// <returns>Whether something is to be read now: <see cref="Go"/> must be called with that, without the lock.</returns>
    public bool BeginLocked(bool isConnected)
    {
        var begins = !_isReading && isConnected && waiting.WantsMore;
        _isReading |= begins;
        return begins;
    }

    /// <summary>Reads in the background if something is to be read.</summary>
    public void Go(bool begins)
    {
        if (begins)
        {
            TaskObserver.Observe(ReadAsync(), failed);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var found = await journal.ReadAsync(NextLocked, int.MaxValue, CancellationToken.None).ConfigureAwait(false);
            lock (sessionLock)
            {
                waiting.AddRead(found);
            }
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
            return;
        }
        finally
        {
            lock (sessionLock)
            {
                _isReading = false;
            }
        }

        read();

        StoredCopy[] NextLocked()
        {
            lock (sessionLock)
            {
                return waiting.NextToRead();
            }
        }
    }
}
