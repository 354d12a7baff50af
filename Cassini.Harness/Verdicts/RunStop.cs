namespace Cassini.Harness.Verdicts;

/// <summary>Why a run was stopped before its end.</summary>
internal sealed record StopCause(Verdict Verdict, string Message);

/// <summary>Stops a run before its end. Only the first cause counts, because the others follow from it. Any thread.</summary>
internal sealed class RunStop : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private StopCause? _cause;
    private Task _cancelling = Task.CompletedTask;

    public CancellationToken Token => _stop.Token;

    public StopCause? Cause => Volatile.Read(ref _cause);

    public void Now(Verdict verdict, string message)
    {
        lock (_gate)
        {
            if (_cause is null)
            {
                _cause = new StopCause(verdict, message);

                // Not on the caller's thread, which may be that of a feed: callbacks of the token run here.
                _cancelling = _stop.CancelAsync();
            }
        }
    }

    /// <summary>Waits for the callbacks of the token. What they throw is thrown here.</summary>
    public async ValueTask DisposeAsync()
    {
        Task cancelling;
        lock (_gate)
        {
            cancelling = _cancelling;
        }

        await cancelling;
        _stop.Dispose();
    }
}
