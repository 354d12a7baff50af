using System.Runtime.InteropServices;

namespace Cassini.Web.Cli.Context;

/// <summary>SIGINT and SIGTERM: the first asks, the second insists, and the third is left to the system, which ends the process.</summary>
internal sealed class ProcessSignals : IStopSignals, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _force = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _received;

    public ProcessSignals()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Receive);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Receive);
    }

    public CancellationToken Stop => _stop.Token;

    public CancellationToken Force => _force.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
        _force.Dispose();
    }

    private void Receive(PosixSignalContext signal)
    {
        var nth = Interlocked.Increment(ref _received);
        signal.Cancel = nth <= 2;

        // On a thread that the runtime made for this signal: nothing else waits for the callbacks.
        if (nth == 1)
        {
            _stop.Cancel();
        }
        else if (nth == 2)
        {
            _force.Cancel();
        }
    }
}
