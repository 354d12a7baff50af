using System.Runtime.CompilerServices;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Events;
using Cassini.Streams.Store;
using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Store;

/// <summary>A journal whose committer runs from the load on, as under the host.</summary>
internal sealed class RunningJournal : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();

    public RunningJournal(
        Func<ILedger> ledgers,
        TimeProvider time,
        StoreOptions? options = null,
        IEventPublisher? events = null,
        Func<long?>? free = null,
        ILogger<Journal>? logger = null,
        TimeSpan gathering = default)
    {
        Journal = new Journal(
            ledgers,
            (options ?? new StoreOptions { CompactBytes = 1 << 20 }) with { Gathering = gathering },
            free ?? (() => null),
            events ?? new RecordingPublisher(time),
            time,
            logger ?? NullLogger<Journal>.Instance);
    }

    public Journal Journal { get; }

    /// <summary>The run that goes on, or that ended last.</summary>
    public Task Current { get; private set; } = Task.CompletedTask;

    public Durability Durability => Journal.Durability;

    /// <summary>Whether nothing waits to be written.</summary>
    public bool IsQuiet => Buffer(Journal).WaitingSince is null;

    /// <summary>Whether copies could not be read back, and this is tried again.</summary>
    public bool IsReadingAgain => Reader(Journal).IsRetrying;

    public async Task<BrokerState> LoadAsync(long maxQueuedInMemory = long.MaxValue)
    {
        var state = await Journal.LoadAsync(maxQueuedInMemory, TestContext.Current.CancellationToken);
        _ = Run();
        return state;
    }

    /// <summary>Begins to commit, or goes on after a crash: the run that ended.</summary>
    public Task Run() => Current = Journal.RunAsync(_end.Token);

    /// <summary>Ends the run as a stop does that waits for it no longer.</summary>
    public Task EndRunAsync() => _end.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Current.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Journal.DisposeAsync();
        _end.Dispose();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_buffer")]
    private static extern ref ChangeBuffer Buffer(Journal journal);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_reader")]
    private static extern ref BacklogReader Reader(Journal journal);
}
