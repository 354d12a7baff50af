using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Store.History;

namespace Cassini.Tests.Store.History;

/// <summary>A file in memory that fails or blocks when it is told to. It outlives its close, as a real one does.</summary>
internal sealed class ScriptedFile : IHistoryFile
{
    private int _opened;
    private int _transactions;
    private int _blocked;

    /// <summary>What is in the file.</summary>
    public ConcurrentQueue<long> Sequences { get; } = new();

    /// <summary>What each state in it includes.</summary>
    public ConcurrentQueue<long> States { get; } = new();

    /// <summary>What each transaction throws; null for one that succeeds.</summary>
    public volatile Exception? Failure;

    /// <summary>What each transaction waits for.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    public int Opened => Volatile.Read(ref _opened);

    public int Transactions => Volatile.Read(ref _transactions);

    public bool IsBlocked => Volatile.Read(ref _blocked) > 0;

    /// <summary>The last sequence that the end of the run named; null before the end.</summary>
    public long? EndedAt { get; private set; }

    public IHistoryFile Open()
    {
        Interlocked.Increment(ref _opened);
        return this;
    }

    public HistoryTotals Append(IReadOnlyList<EventEnvelope> batch, HistoryState? state, DateTimeOffset now)
    {
        Interlocked.Increment(ref _blocked);
        Gate.Wait(TestContext.Current.CancellationToken);
        Interlocked.Decrement(ref _blocked);
        Interlocked.Increment(ref _transactions);
        if (Failure is { } failure)
        {
            throw failure;
        }

        // The state first: who sees the events sees what was written with them.
        if (state is { } known)
        {
            States.Enqueue(known.Through);
        }

        foreach (var envelope in batch)
        {
            Sequences.Enqueue(envelope.Sequence);
        }

        return new HistoryTotals(batch[0].Id.ToString(), null, 1);
    }

    public void EndRun(long last, DateTimeOffset now) => EndedAt = last;

    public void PutAside()
    {
        // Nothing to move.
    }

    public void Dispose()
    {
        // It is opened again.
    }
}
