using System.Collections.Concurrent;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>
/// Reads copies back that sessions do not have in memory. One reading at a time, on a thread of the pool, so that a slow disk holds up no
/// more than one. Thread-safe.
/// </summary>
/// <param name="find">Finds a group by its number: null when it is not there.</param>
/// <param name="closed">Cancelled when the journal is closed: those that wait end.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class BacklogReader(
    Func<long, CancellationToken, ValueTask<byte[]?>> find, CancellationToken closed, TimeProvider time, ILogger logger)
{
    /// <summary>After how long a reading that failed is tried again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentDictionary<uint, string> _failures = [];
    private int _retries;

    /// <summary>
    /// Why the copies of a session cannot be read, and of how many sessions; null when all can. It is known of a session until one of its
    /// readings has succeeded, or it has ended.
    /// </summary>
    public string? Failure => _failures.FirstOrDefault() is { Value: { } first }
        ? $"{Quantity.Of(_failures.Count, "client")} cannot get what waits in the journal: {first}"
        : null;

    /// <summary>Whether a reading that has failed goes on trying. Any thread.</summary>
    public bool IsRetrying => Volatile.Read(ref _retries) > 0;

    /// <inheritdoc cref="ISessionStore.ReadAsync"/>
    public async ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(
        uint session, Func<StoredCopy[]> wanted, int attempts, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closed);
        var isRetry = false;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    var read = await ReadInTurnAsync(session, wanted, either.Token).ConfigureAwait(false);
                    Forget(session);
                    return read;
                }
                catch (IOException failure) when (attempt < attempts)
                {
                    // The first time a group may have been dropped while it was asked for: its copies lie in a later one then.
                    if (attempt > 1)
                    {
                        NoteFailure(session, failure);
                        Interlocked.Add(ref _retries, isRetry ? 0 : 1);
                        isRetry = true;
                        await Task.Delay(Pause, time, either.Token).ConfigureAwait(false);
                    }
                }
            }
        }
        finally
        {
            Interlocked.Add(ref _retries, isRetry ? -1 : 0);
        }
    }

    /// <summary>A session has ended: nothing more of it is to be read. Any thread.</summary>
    public void Forget(uint session) => _failures.TryRemove(session, out _);

    private async Task<IReadOnlyList<QueuedMessage>> ReadInTurnAsync(
        uint session, Func<StoredCopy[]> wanted, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => ReadOnceAsync(session, wanted(), cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<IReadOnlyList<QueuedMessage>> ReadOnceAsync(uint session, StoredCopy[] wanted, CancellationToken cancellationToken)
    {
        var found = wanted.ToDictionary(copy => copy.Sequence, QueuedMessage? (_) => null);
        var finder = new CopyFinder(session, time);
        foreach (var number in wanted.Select(copy => copy.Group).Distinct())
        {
            var group = await find(number, cancellationToken).ConfigureAwait(false)
                ?? throw new LedgerDamagedException($"group {number} is missing");
            try
            {
                finder.Find(number, group, found);
            }
            catch (Exception wrong) when (wrong is JournalFormatException or OverflowException or ArgumentException)
            {
                throw new LedgerDamagedException($"group {number}: {wrong.Message}", wrong);
            }
        }

        return [.. wanted.Select(copy => found[copy.Sequence]
            ?? throw new LedgerDamagedException($"group {copy.Group} has no message {copy.Sequence} of session {session}"))];
    }

    private void NoteFailure(uint session, IOException failure)
    {
        if (_failures.TryAdd(session, failure.Message))
        {
            StoreLog.ReadBackFailed(logger, failure);
        }
    }
}
