using System.Runtime.CompilerServices;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// Reads the messages of one session that has no connection, and gets none meanwhile: for another node. Thread-safe, by the session's lock.
/// </summary>
/// <param name="sessionLock">The session's lock.</param>
/// <param name="scheduler">What it has.</param>
/// <param name="journal">The store.</param>
internal sealed class SessionExport(Lock sessionLock, DeliveryScheduler scheduler, SessionJournal journal)
{
    /// <summary>About how many bytes are read at once of what is in the store alone.</summary>
    private const int BytesAtOnce = 1 << 20;

    /// <summary>How often it is tried to read them.</summary>
    private const int Attempts = 3;

    /// <summary>All of QoS 1 and 2 that it has now: first what is in flight, then what waits, in their order.</summary>
    /// <param name="originOf">The number of a message in the fleet, by its sequence number. Called under the lock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The store cannot be read.</exception>
    public async IAsyncEnumerable<MovedMessage> ReadAsync(
        Func<long, ulong> originOf, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<MovedMessage> first;
        List<MovedMessage> last;
        long lastStored;
        lock (sessionLock)
        {
            first = [.. scheduler.InFlight.All().Select(one => Moved(one.Queued, one.PacketId, one.State))];
            first.AddRange(AllMoved(scheduler.Waiting.InMemory));
            lastStored = scheduler.Waiting.Tail?.LastStored ?? 0;
            last = [.. AllMoved(scheduler.Waiting.Tail?.Pending ?? [])];
        }

        foreach (var moved in first)
        {
            yield return moved;
        }

        // What is durable meanwhile goes from memory to the store, but it is among the last ones already.
        var from = 0L;
        while (from <= lastStored
            && await ReadStoredAsync(from, lastStored, cancellationToken).ConfigureAwait(false) is { Count: > 0 } read)
        {
            foreach (var queued in read)
            {
                ulong origin;
                lock (sessionLock)
                {
                    origin = originOf(queued.Sequence);
                }

                yield return new MovedMessage(queued, 0, DeliveryState.Done, origin);
            }

            from = read[^1].Sequence + 1;
        }

        foreach (var moved in last)
        {
            yield return moved;
        }

        MovedMessage Moved(in QueuedMessage queued, ushort packetId, DeliveryState state) =>
            new(queued, packetId, state, originOf(queued.Sequence));

        IEnumerable<MovedMessage> AllMoved(IEnumerable<QueuedMessage> waiting) => waiting
            .Where(queued => queued.QoS != QualityOfService.AtMostOnce)
            .Select(queued => Moved(queued, 0, DeliveryState.Done));
    }

    private async ValueTask<IReadOnlyList<QueuedMessage>> ReadStoredAsync(long from, long upTo, CancellationToken cancellationToken)
    {
        return NextLocked().Length == 0
            ? []
            : await journal.ReadAsync(NextLocked, Attempts, cancellationToken).ConfigureAwait(false);

        StoredCopy[] NextLocked()
        {
            lock (sessionLock)
            {
                return scheduler.Waiting.Tail?.NextStored(from, upTo, BytesAtOnce) ?? [];
            }
        }
    }
}
