namespace Cassini.Streams.Quotas;

/// <summary>
/// Runs the work of identities that no reader does, piece by piece: other work has the thread between two pieces, what an identity uses
/// is counted, and a busy one has each piece in its turn. Thread-safe.
/// </summary>
internal sealed class IdentityWork(WorkTurns turns, TimeProvider time)
{
    /// <summary>Runs pieces until one is the last. The first one runs at once, on this thread, unless the identity is busy.</summary>
    /// <param name="account">Whose work it is; null for the broker's own, which has no turns.</param>
    /// <param name="piece">A bounded piece of it, without waits. Returns whether there is more.</param>
    public async ValueTask RunAsync(Account? account, Func<bool> piece)
    {
        var isInTurn = await EnterAsync(account).ConfigureAwait(false);
        while (Run(account, isInTurn, piece))
        {
            await Task.Yield();
            isInTurn = await EnterAsync(account).ConfigureAwait(false);
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

    /// <summary>Whether an identity must wait for its turn.</summary>
    public bool IsBusy(Account account) => account.Work.IsBusy(time.GetTimestamp(), time.TimestampFrequency);

    /// <summary>When something begins that <see cref="Count"/> counts: a timestamp.</summary>
    public long Begin() => time.GetTimestamp();

    /// <summary>Counts what was done on a thread that has other work too.</summary>
    public void Count(Account account, long began)
    {
        var ended = time.GetTimestamp();
        account.Work.Add(ended - began, ended);
    }

    /// <returns>Whether it has a turn, which it must leave.</returns>
    private async ValueTask<bool> EnterAsync(Account? account)
    {
        var mustWait = account is not null && IsBusy(account);
        if (mustWait)
        {
            await turns.EnterAsync(account!).ConfigureAwait(false);
        }

        return mustWait;
    }

    private void Run(Account account, bool isInTurn, Action piece) => Run(account, isInTurn, () =>
    {
        piece();
        return false;
    });

    private bool Run(Account? account, bool isInTurn, Func<bool> piece)
    {
        var began = time.GetTimestamp();
        try
        {
            return piece();
        }
        finally
        {
            var ended = time.GetTimestamp();
            account?.Work.Add(ended - began, ended);
            if (isInTurn)
            {
                turns.Leave();
            }
        }
    }
}
