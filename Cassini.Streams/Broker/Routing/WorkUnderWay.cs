namespace Cassini.Streams.Broker.Routing;

/// <summary>Pieces of work that begin and end on any threads: somebody may wait for all that have begun. Thread-safe.</summary>
internal sealed class WorkUnderWay
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly int[] _counts = new int[2];
    private int _side;
    private readonly TaskCompletionSource?[] _empty = new TaskCompletionSource?[2];

    /// <summary>A piece begins.</summary>
    /// <returns>For <see cref="End"/>.</returns>
    public int Begin()
    {
        while (true)
        {
            var side = Volatile.Read(ref _side);
            Interlocked.Increment(ref _counts[side]);
            if (side == Volatile.Read(ref _side))
            {
                return side;
            }

            // Whoever waits next looks at the other side.
            End(side);
        }
    }

    /// <summary>A piece has ended.</summary>
    /// <param name="side">What <see cref="Begin"/> returned.</param>
    public void End(int side)
    {
        if (Interlocked.Decrement(ref _counts[side]) == 0 && side != Volatile.Read(ref _side))
        {
            Volatile.Read(ref _empty[side])?.TrySetResult();
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
            var empty = Expect(side);
            Interlocked.Exchange(ref _side, 1 - side);
            while (Volatile.Read(ref _counts[side]) > 0)
            {
                await empty.ConfigureAwait(false);

                // What ended before the sides were turned may have said so late, while another piece is under way.
                empty = Expect(side);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task Expect(int side)
    {
        var empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _empty[side], empty);
        return empty.Task;
    }
}
