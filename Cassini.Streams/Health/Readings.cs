using System.Runtime.CompilerServices;

namespace Cassini.Streams.Health;

/// <summary>
/// Health as a stream for each reader: the current reading, and then every one that differs visibly. A reader has no queue. It is told
/// that there is something new, looks for itself, and so finds the newest: one that is slow skips what lies between and holds up nobody.
/// </summary>
/// <param name="read">Reads health as it is now. Any thread.</param>
internal sealed class Readings(Func<Reading> read)
{
    private volatile TaskCompletionSource _change = NewChange();
    private volatile bool _isEnded;

    /// <summary>Lets every reader look again, on the thread pool. Any thread.</summary>
    public void Change() => Interlocked.Exchange(ref _change, NewChange()).TrySetResult();

    /// <summary>Lets every reader look for the last time, and completes every stream.</summary>
    public void End()
    {
        _isEnded = true;
        Change();
    }

    /// <summary>The stream, which completes at <paramref name="end"/> as it does when health itself ends: after a last look.</summary>
    public async IAsyncEnumerable<HealthSnapshot> ReadUntilAsync([EnumeratorCancellation] CancellationToken end)
    {
        Reading? seen = null;
        while (true)
        {
            // Both are taken before the look: a change or an end that comes after it leads to another look.
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

            // Always on the pool from here on: a reader that never catches up does not keep the thread on which it began.
            await change.WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
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
