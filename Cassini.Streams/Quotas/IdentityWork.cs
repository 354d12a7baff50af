namespace Cassini.Streams.Quotas;

/// <summary>
/// The work of identities, piece by piece: other work has the thread between two pieces, what an identity uses is counted, and a busy one
/// has each piece in its turn. Thread-safe.
/// </summary>
internal sealed class IdentityWork(WorkTurns turns, TimeProvider time)
{
    /// <summary>Runs pieces until one is the last. The first one runs at once, on this thread, unless the identity is busy.</summary>
    /// <param name="account">Whose work it is.</param>
    /// <param name="piece">A bounded piece of it, without waits. Returns whether there is more.</param>
    /// <param name="inTurn">Whether a busy identity must wait for its turns; not when others would wait with it.</param>
    public async ValueTask RunAsync(Account account, Func<bool> piece, bool inTurn = true)
    {
        while (true)
        {
            var isBusy = inTurn && IsBusy(account);
            if (isBusy)
            {
                await turns.EnterAsync(account).ConfigureAwait(false);
            }

            if (!Run(account, isBusy, piece))
            {
                return;
            }

            await Task.Yield();
        }
    }

    /// <summary>Runs one piece on the thread pool.</summary>
    /// <param name="account">Whose work it is.</param>
    /// <param name="piece">A bounded piece of it, without waits. It must not throw.</param>
    public void Queue(Account account, Action piece)
    {
        if (IsBusy(account))
        {
            turns.EnterAsync(account).GetAwaiter().UnsafeOnCompleted(() => Run(account, isInTurn: true, piece));
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Run(account, isInTurn: false, piece), null);
        }
    }

    /// <summary>Whether an identity must wait for its turn; never the broker itself.</summary>
    public bool IsBusy(Account account) => account.Work?.IsBusy(time.GetTimestamp(), time.TimestampFrequency) is true;

    /// <inheritdoc cref="WorkTurns.TryEnter"/>
    public bool TryEnter() => turns.TryEnter();

    /// <inheritdoc cref="WorkTurns.EnterAsync"/>
    public Task EnterAsync(Account account, CancellationToken cancellationToken) => turns.EnterAsync(account, cancellationToken);

    /// <summary>Begins a piece. Its end counts what it took, and leaves its turn.</summary>
    /// <param name="account">Whose work it is.</param>
    /// <param name="isInTurn">Whether it has a turn.</param>
    public WorkPiece Begin(Account account, bool isInTurn) => new(turns, time, account, isInTurn);

    private void Run(Account account, bool isInTurn, Action piece) => Run(account, isInTurn, () =>
    {
        piece();
        return false;
    });

    private bool Run(Account account, bool isInTurn, Func<bool> piece)
    {
        using (Begin(account, isInTurn))
        {
            return piece();
        }
    }
}
