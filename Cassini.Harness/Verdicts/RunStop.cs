namespace Cassini.Harness.Verdicts;

/// <summary>Why a run ends before its end.</summary>
internal sealed record StopCause(Verdict Verdict, string Message);

/// <summary>The one switch that ends a run early. The first cause counts: what follows from it is no news.</summary>
internal sealed class RunStop : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private StopCause? _cause;

    public CancellationToken Token => _stop.Token;

    public StopCause? Cause => Volatile.Read(ref _cause);

    public void Now(Verdict verdict, string message)
    {
        if (Interlocked.CompareExchange(ref _cause, new StopCause(verdict, message), null) is null)
        {
            // Not on the caller's thread: that may be a feed's, and whoever waits for the token goes on in its callbacks.
            _ = _stop.CancelAsync();
        }
    }

    public void Dispose() => _stop.Dispose();
}
