namespace Cassini.Streams.Broker.Routing;

/// <summary>Pieces of work that begin and end on any threads: somebody may wait for all that have begun. Thread-safe.</summary>
internal sealed class WorkUnderWay
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly int[] _counts = new int[2];
    private int _side;
    private TaskCompletionSource? _empty;

    /// <summary>A piece begins.</summary>
    /// <returns>For <see cref="End"/>.</returns>
    public int Begin()
    {
        var side = Volatile.Read(ref _side);
        Interlocked.Increment(ref _counts[side]);
        return side;
    }

    /// <summary>A piece has ended.</summary>
    /// <param name="side">What <see cref="Begin"/> returned.</param>
    public void End(int side)
    {
        if (Interlocked.Decrement(ref _counts[side]) == 0 && side != Volatile.Read(ref _side))
        {
            Volatile.Read(ref _empty)?.TrySetResult();
        }
    }

    /// <summary>
    /// Ends when all pieces have ended that had begun at the call. Those that begin later see what was changed before it.
    /// </summary>
    public async Task WhenEndedAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            var side = _side;
            var empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _empty, empty);
            Interlocked.Exchange(ref _side, 1 - side);

            // Whatever begins on that side now has read it just before: it ends it, too.
            if (Volatile.Read(ref _counts[side]) > 0)
            {
                await empty.Task.ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
