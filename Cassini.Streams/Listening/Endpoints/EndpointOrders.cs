namespace Cassini.Streams.Listening.Endpoints;

/// <summary>What an accept loop is to do.</summary>
internal enum LoopMode
{
    /// <summary>Bind and accept.</summary>
    Serve,

    /// <summary>A rehearsal: stay bound and accept no connection.</summary>
    Stall,

    /// <summary>A rehearsal: close the socket and stay closed.</summary>
    Close,
}

/// <summary>The present orders of an accept loop. Whatever the loop awaits, <see cref="Changed"/> interrupts it.</summary>
internal sealed class EndpointOrders(LoopMode mode)
{
    // Not disposed: it has no timer and no parent, and a loop may still link to it.
    private readonly CancellationTokenSource _changed = new();
    private RehearsalException? _crash;

    public LoopMode Mode { get; } = mode;

    public CancellationToken Changed => _changed.Token;

    /// <summary>The crash to rehearse; returned once.</summary>
    public RehearsalException? TakeCrash() => Interlocked.Exchange(ref _crash, null);

    /// <summary>
    /// Ends these orders, which new ones have replaced. What is registered on <see cref="Changed"/> runs on the thread pool.
    /// </summary>
    /// <returns>Fails when something that is registered there throws.</returns>
    public Task SupersedeAsync() => _changed.CancelAsync();

    public static EndpointOrders CrashOnce(LoopMode mode, RehearsalException crash) => new(mode) { _crash = crash };
}
