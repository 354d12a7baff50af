using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Store.Ledgers;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>
/// Reads copies back that sessions do not have in memory. One reading at a time, on a thread of the pool, so that a slow disk holds up no
/// more than one. Thread-safe.
/// </summary>
/// <param name="find">Finds a group by its number: null when it is not there.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class BacklogReader(
    Func<long, CancellationToken, ValueTask<byte[]?>> find, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>After how long a reading that failed is tried again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _end = new();
    private volatile string? _failure;
    private long _count;

    /// <summary>Why the last reading failed; null when it did not.</summary>
    public string? Failure => _failure;

    /// <summary>How many copies were read.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <inheritdoc cref="ISessionStore.ReadAsync"/>
    public async ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(
        uint session, Func<StoredCopy[]> wanted, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token);
        for (var attempts = 1; ; attempts++)
        {
            await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                var read = await Task.Run(() => ReadOnceAsync(session, wanted(), either.Token), either.Token).ConfigureAwait(false);
                _failure = null;
                return read;
            }
            catch (IOException failure)
            {
                // The first time a group may have been dropped while it was asked for: its copies lie in a later one then.
                if (attempts > 1)
                {
                    NoteFailure(failure);
                }
            }
            finally
            {
                _turn.Release();
            }

            if (attempts > 1)
            {
                await Task.Delay(Pause, time, either.Token).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Those that wait end.</summary>
    public void Dispose() => _end.Cancel();

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
            catch (JournalFormatException wrong)
            {
                throw new LedgerDamagedException($"group {number}: {wrong.Message}", wrong);
            }
        }

        Interlocked.Add(ref _count, wanted.Length);
        return [.. wanted.Select(copy => found[copy.Sequence]
            ?? throw new LedgerDamagedException($"group {copy.Group} has no message {copy.Sequence} of session {session}"))];
    }

    private void NoteFailure(Exception failure)
    {
        if (_failure is null)
        {
            StoreLog.ReadBackFailed(logger, failure);
        }

        _failure = failure.Message;
    }
}
