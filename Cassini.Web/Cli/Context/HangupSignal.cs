using System.Runtime.InteropServices;

namespace Cassini.Web.Cli.Context;

/// <summary>
/// SIGHUP, for a process without a terminal. At a terminal it keeps its own meaning, that the terminal is gone, and the system ends
/// the process: a broker must not outlive the window that it was started in.
/// </summary>
internal static class HangupSignal
{
    // For as long as the process lives: a signal in the middle of its stop must not end it.
    private static PosixSignalRegistration? _registration;

    /// <summary>Calls back at each signal, until the process has ended. Of several calls the last one counts.</summary>
    public static void Register(Action received)
    {
        if (Console.IsInputRedirected)
        {
            var registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                received();
            });
            Interlocked.Exchange(ref _registration, registration)?.Dispose();
        }
    }
}
