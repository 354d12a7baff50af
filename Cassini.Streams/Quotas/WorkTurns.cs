namespace Cassini.Streams.Quotas;

/// <summary>
/// Lets busy identities work: a bounded number of pieces at once, and when more wait, one of each identity in turn, however many each has.
/// So threads and processors remain for those that have little to do. Thread-safe.
/// </summary>
/// <param name="atOnce">How many pieces may run at once.</param>
internal sealed class WorkTurns(int atOnce)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Account, Queue<TaskCompletionSource>> _waiting = [];
    private readonly Queue<Account> _order = [];
    private int _running;
    private int _count;

    /// <summary>How many pieces wait for their turn.</summary>
    public int Waiting => Volatile.Read(ref _count);

    /// <summary>
    /// Completes when it is the identity's turn. Ends with <see cref="Leave"/>, after a bounded piece of work without waits.
    /// </summary>
    public Task EnterAsync(Account account)
    {
        lock (_lock)
        {
            if (_running < atOnce)
            {
                _running++;
                return Task.CompletedTask;
            }

            if (!_waiting.TryGetValue(account, out var pieces))
            {
                _waiting[account] = pieces = new Queue<TaskCompletionSource>();
                _order.Enqueue(account);
            }

            // What continues does so on the pool, not on the thread whose turn is over.
            var piece = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pieces.Enqueue(piece);
            _count++;
            return piece.Task;
        }
    }

    /// <summary>A piece of work is done: the next one has its place.</summary>
    public void Leave()
    {
        TaskCompletionSource piece;
        lock (_lock)
        {
            if (!_order.TryDequeue(out var account))
            {
                _running--;
                return;
            }

            var pieces = _waiting[account];
            piece = pieces.Dequeue();
            _count--;
            if (pieces.Count == 0)
            {
                _waiting.Remove(account);
            }
            else
            {
                _order.Enqueue(account);
            }
        }

        piece.SetResult();
    }
}
