namespace Cassini.Streams.Quotas;

/// <summary>
/// Lets busy identities work: a bounded number of pieces at once, and when more wait, one of each identity in turn, however many each has.
/// So threads and processors remain for those that have little to do. Thread-safe.
/// </summary>
/// <param name="atOnce">How many pieces may run at once.</param>
internal sealed class WorkTurns(int atOnce)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Account, LinkedListNode<LinkedList<Piece>>> _waiting = [];
    private readonly LinkedList<LinkedList<Piece>> _order = [];
    private int _running;
    private int _count;

    /// <summary>How many pieces wait for their turn.</summary>
    public int Waiting => Volatile.Read(ref _count);

    /// <summary>Takes a turn if nobody needs to wait for one. Then it ends with <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            var isFree = _running < atOnce;
            _running += isFree ? 1 : 0;
            return isFree;
        }
    }

    /// <summary>
    /// Completes when it is the identity's turn. Ends with <see cref="Leave"/>, after a bounded piece of work without waits.
    /// </summary>
    /// <param name="account">The account of the identity.</param>
    /// <param name="cancellationToken">The piece waits no more, and has no turn that would have to be left.</param>
    public Task EnterAsync(Account account, CancellationToken cancellationToken = default)
    {
        Piece piece;
        lock (_lock)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return Task.FromCanceled(cancellationToken);
            }

            if (_running < atOnce)
            {
                _running++;
                return Task.CompletedTask;
            }

            piece = AddLocked(account);
        }

        return cancellationToken.CanBeCanceled ? WaitAsync(piece, cancellationToken) : piece.Granted;
    }

    /// <summary>A piece of work is done: the next one has its place.</summary>
    public void Leave()
    {
        Piece piece;
        lock (_lock)
        {
            if (_order.First is not { } next)
            {
                _running--;
                return;
            }

            piece = next.Value.First!.Value;
            RemoveLocked(piece);
            if (next.List is not null)
            {
                _order.RemoveFirst();
                _order.AddLast(next);
            }
        }

        piece.End();
    }

    private async Task WaitAsync(Piece piece, CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(_ => Cancel(piece, cancellationToken), null))
        {
            await piece.Granted.ConfigureAwait(false);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            // It had its turn at the same moment: the next one gets that.
            Leave();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Cancel(Piece piece, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (piece.Node.List is null)
            {
                return;
            }

            RemoveLocked(piece);
        }

        piece.End(cancellationToken);
    }

    private Piece AddLocked(Account account)
    {
        if (!_waiting.TryGetValue(account, out var pieces))
        {
            _waiting[account] = pieces = _order.AddLast(new LinkedList<Piece>());
        }

        var piece = new Piece(account);
        pieces.Value.AddLast(piece.Node);
        _count++;
        return piece;
    }

    private void RemoveLocked(Piece piece)
    {
        var pieces = _waiting[piece.Account];
        pieces.Value.Remove(piece.Node);
        _count--;
        if (pieces.Value.Count == 0)
        {
            _waiting.Remove(piece.Account);
            _order.Remove(pieces);
        }
    }

    /// <summary>A piece that waits. It is in its list until it is granted or cancelled.</summary>
    private sealed class Piece : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _granted = new();
        private CancellationToken _cancelled;

        public Piece(Account account)
        {
            Account = account;
            Node = new LinkedListNode<Piece>(this);
        }

        public Account Account { get; }

        public LinkedListNode<Piece> Node { get; }

        public Task Granted => _granted.Task;

        /// <summary>
        /// It waits no more. What continues does so behind everything that waits for the thread pool, not on the thread whose turn is over:
        /// neither at once nor as the next of that thread's own queue, which others would wait for as long as pieces follow each other.
        /// </summary>
        /// <param name="cancelled">Set when it gets no turn.</param>
        public void End(CancellationToken cancelled = default)
        {
            _cancelled = cancelled;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        void IThreadPoolWorkItem.Execute()
        {
            if (_cancelled.IsCancellationRequested)
            {
                _granted.SetCanceled(_cancelled);
            }
            else
            {
                _granted.SetResult();
            }
        }
    }
}
