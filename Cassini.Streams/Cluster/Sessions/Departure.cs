using System.Buffers;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Sessions;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// One session of this node on its way to another one. Its messages are read when all nodes have sent their marks: what comes later comes
/// to the other node as well. Thread-safe.
/// </summary>
/// <param name="asked">Who asks for it.</param>
/// <param name="pieceSize">How many bytes a piece has at most.</param>
/// <param name="time">The one clock.</param>
internal sealed class Departure(SessionAsked asked, int pieceSize, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _over = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadOnlyMemory<byte> _head;
    private int _heads;
    private IAsyncEnumerator<MovedMessage>? _messages;
    private ReadOnlyMemory<byte> _rest;
    private byte[] _last = [];
    private int _next;
    private bool _hasMore = true;
    private bool _isAtEnd;
    private bool _hasFailed;
    private bool _isOver;
    private int _isWanted = -1;
    private long _touchedAt = time.GetTimestamp();

    public SessionAsked Asked => asked;

    /// <summary>With the mark of a node, everything has come that it published for this one alone.</summary>
    public MarkGate Marks { get; } = new(awaitsOwn: true);

    /// <summary>What became of it; null as long as that is not known.</summary>
    public ReleaseOutcome? Outcome { get; private set; }

    /// <summary>Whether its client was connected here.</summary>
    public bool HadConnection { get; private set; }

    /// <summary>The session; null unless it is leaving.</summary>
    public Session? Session { get; private set; }

    /// <summary>Ends when the session has ended here, or stays.</summary>
    public Task WhenSettled => _settled.Task;

    /// <summary>For how long the other node has not asked for anything.</summary>
    public TimeSpan Idle => time.GetElapsedTime(Volatile.Read(ref _touchedAt));

    /// <summary>Whether it is the node that has asked for it, and the same run, that says something.</summary>
    public bool IsFor(ControlMessage said) => (said.Node, said.Epoch) == (asked.Node, asked.Epoch);

    /// <summary>The other node shows that it still wants it.</summary>
    public void Touch() => Volatile.Write(ref _touchedAt, time.GetTimestamp());

    /// <summary>It is known what becomes of it.</summary>
    /// <returns>False when nobody waits for it any more: then a session that is leaving is not its own.</returns>
    public bool TryBegin(SessionReleased released)
    {
        Touch();
        var head = released.Session is { } session ? SessionParcel.Write(session.Export()) : [];
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            _head = head;
            _heads = (head.Length + pieceSize - 1) / pieceSize;
            (Session, HadConnection, Outcome) = (released.Session, released.HadConnection, released.Outcome);
            return true;
        }
    }

    /// <summary>Makes a piece, once everything for it has come.</summary>
    /// <param name="piece">Its number: the next one, or the last one again.</param>
    /// <returns>Null when it is another one, or is being made already.</returns>
    /// <exception cref="IOException">The store cannot be read.</exception>
    /// <exception cref="InvalidDataException">A node was lost meanwhile, or the session has ended.</exception>
    /// <exception cref="OperationCanceledException">It is over.</exception>
    public async Task<byte[]?> PieceAsync(int piece)
    {
        Touch();
        if (Session is not { } session || Interlocked.Exchange(ref _isWanted, piece) == piece)
        {
            return null;
        }

        await _turn.WaitAsync(_over.Token).ConfigureAwait(false);
        try
        {
            if (piece == _next - 1)
            {
                return _last;
            }

            if (piece != _next || _isAtEnd || _hasFailed)
            {
                return null;
            }

            if (piece >= _heads)
            {
                await Marks.Complete.WaitAsync(_over.Token).ConfigureAwait(false);
                session.LeaveShares();
            }

            return _last = piece < _heads ? HeadPiece(piece) : await NextAsync(session).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isWanted, -1);
            _turn.Release();
        }
    }

    /// <summary>Nobody waits for it any more.</summary>
    /// <returns>The session that is leaving: it must end, or stay. Null when there is none, or it is not known yet.</returns>
    public Session? End()
    {
        Session? session;
        lock (_lock)
        {
            _isOver = true;
            session = Session;
        }

        // Without the lock: whoever waits goes on here.
        _over.Cancel();
        return session;
    }

    /// <summary>The session has ended here, or stays.</summary>
    public void Settle() => _settled.TrySetResult();

    public void Dispose()
    {
        End();
        Settle();
    }

    private byte[] HeadPiece(int piece)
    {
        var body = _head[(piece * pieceSize)..];
        _next++;
        return SessionPiece.Write(asked.Number, piece, isLast: false, body[..Math.Min(pieceSize, body.Length)].Span);
    }

    private async Task<byte[]> NextAsync(Session session)
    {
        // A message of several pieces is not copied again for each of them.
        if (_rest.Length < pieceSize)
        {
            await ReadOnAsync(session).ConfigureAwait(false);
        }

        if (!session.KeepsMessages)
        {
            _hasFailed = true;
            throw new InvalidDataException("the session has ended meanwhile");
        }

        var body = _rest[..Math.Min(pieceSize, _rest.Length)];
        _rest = _rest[body.Length..];
        _isAtEnd = !_hasMore && _rest.IsEmpty;
        return SessionPiece.Write(asked.Number, _next++, _isAtEnd, body.Span);
    }

    private async Task ReadOnAsync(Session session)
    {
        _messages ??= session.Deliveries.ExportAsync(_over.Token).GetAsyncEnumerator(_over.Token);
        var read = new ArrayBufferWriter<byte>();
        read.Write(_rest.Span);

        // After a failure there is no next message, which must not look like the end.
        _hasFailed = true;
        while (read.WrittenCount < pieceSize && (_hasMore = await _messages.MoveNextAsync().ConfigureAwait(false)))
        {
            var moved = _messages.Current;
            read.Write(SessionParcel.Write(moved, moved.Message.Message.SecondsLeft(time.GetTimestamp(), time)));
        }

        _hasFailed = false;
        _rest = read.WrittenMemory;
    }
}
