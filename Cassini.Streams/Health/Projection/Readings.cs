using System.Runtime.CompilerServices;

namespace Cassini.Streams.Health.Projection;

/// <summary>
/// Health as a stream for each reader: the current reading, and then every one that differs visibly. A reader has no queue. It is
/// notified of a change and then reads health itself, so it gets the newest: a slow reader skips the readings between, and delays no
/// other reader.
/// </summary>
/// <param name="read">Reads health as it is now. Any thread.</param>
internal sealed class Readings(Func<Reading> read)
{
    private volatile TaskCompletionSource _change = NewChange();
    private volatile bool _isEnded;

    /// <summary>Notifies every reader, on the thread pool. Any thread.</summary>
    public void Change() => Interlocked.Exchange(ref _change, NewChange()).TrySetResult();

    /// <summary>Notifies every reader for the last time, and completes every stream.</summary>
    public void End()
    {
        _isEnded = true;
        Change();
    }

    /// <summary>The stream. At <paramref name="end"/>, as when health itself ends, it reads one last time and then completes.</summary>
    public async IAsyncEnumerable<HealthSnapshot> ReadUntilAsync([EnumeratorCancellation] CancellationToken end)
    {
        Reading? seen = null;
        while (true)
        {
            // Both are taken before the read, so that a change or an end after the read causes another read.
            var change = _change.Task;
            var isLast = _isEnded || end.IsCancellationRequested;
            var now = read();
            if (seen is null || now.DiffersVisibly(seen))
            {
                seen = now;
                yield return now.Snapshot;
            }

            if (isLast)
            {
                yield break;
            }

            // The second await continues on the pool, so that neither the caller of a reader that never catches up nor the thread that
            // cancels the end runs the reader.
            await change.WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    /// <summary>The stream, which fails when it is cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async IAsyncEnumerable<HealthSnapshot> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var snapshot in ReadUntilAsync(cancellation).ConfigureAwait(false))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return snapshot;
        }

        cancellation.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
