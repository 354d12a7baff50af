using System.Threading.Channels;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Copies the write-ahead log into the database, on a thread and a connection of its own, while others append. The log begins anew only
/// when all of it has been copied at a moment at which nothing is appended. Under a steady load there is no such moment, so a last pass
/// holds appends up for the few pages that have come since the pass before it.
/// </summary>
internal sealed class Checkpoints : IAsyncDisposable
{
    private const int MostPasses = 8;

    /// <summary>A pass that copies no more than this part of what is in the log already was the last but one.</summary>
    private const int SmallRest = 32;

    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Lock _writing;
    private readonly LedgerReserve _reserve;
    private readonly Database _database;
    private readonly Task _running;
    private long _written;
    private volatile IOException? _failure;

    /// <summary>Opens a connection, and waits.</summary>
    /// <param name="path">The full path of the database.</param>
    /// <param name="logBytes">After how many bytes of the log.</param>
    /// <param name="writing">Held by whoever appends.</param>
    /// <param name="reserve">Room for a full disk: what a checkpoint writes has been promised already.</param>
    public Checkpoints(string path, long logBytes, Lock writing, LedgerReserve reserve)
    {
        LogBytes = logBytes;
        _writing = writing;
        _reserve = reserve;
        _database = Database.Open(path);

        // A connection that has read nothing does not know of the log, and would copy nothing.
        _database.Number("SELECT first FROM ledger");
        _running = OwnThread.RunAsync("cassini checkpoints", RunAsync);
    }

    /// <summary>After how many bytes of the log.</summary>
    public long LogBytes { get; }

    /// <summary>Why the last one failed; null when it did not.</summary>
    public IOException? Failure => _failure;

    /// <summary>Something was written to the log. One thread at a time.</summary>
    public void Wrote(long bytes)
    {
        _written += bytes;
        if (_written >= LogBytes)
        {
            Demand();
        }
    }

    /// <summary>Begins one soon, however little was written. The same thread.</summary>
    public void Demand()
    {
        _written = 0;
        _due.Writer.TryWrite(true);
    }

    public async ValueTask DisposeAsync()
    {
        _due.Writer.TryComplete();
        await _running;
        _database.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _due.Reader.WaitToReadAsync())
        {
            while (_due.Reader.TryRead(out _))
            {
                Run();
            }
        }
    }

    private void Run()
    {
        try
        {
            _reserve.Run(LogBytes, Copy);
            _failure = null;
        }
        catch (IOException failure)
        {
            _failure = failure;
        }
    }

    private void Copy()
    {
        var copied = 0;
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var before = copied;
            copied = _database.Checkpoint();
            var isRestSmall = pass > 0 && copied - before <= before / SmallRest;
            if (isRestSmall)
            {
                break;
            }
        }

        lock (_writing)
        {
            _database.Checkpoint();
        }
    }
}
