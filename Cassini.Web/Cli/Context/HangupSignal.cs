using System.Reactive.Disposables;
using System.Runtime.InteropServices;

namespace Cassini.Web.Cli.Context;

/// <summary>
/// SIGHUP, for a process without a terminal. At a terminal it keeps its own meaning, that the terminal is gone, and the system ends
/// the process: a broker must not outlive the window that it was started in.
/// </summary>
internal static class HangupSignal
{
    /// <summary>Calls back at each signal until the registration is disposed.</summary>
    public static IDisposable Register(Action received) => Console.IsInputRedirected
        ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            received();
        })
        : Disposable.Empty;
}
