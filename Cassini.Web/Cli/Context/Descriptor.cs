using System.Runtime.InteropServices;

namespace Cassini.Web.Cli.Context;

/// <summary>What POSIX says of file descriptors, without the filter of <see cref="Console"/>.</summary>
internal static class Descriptor
{
    /// <summary>EPIPE: the pipe has no reader.</summary>
    public const int BrokenPipe = 32;

    /// <summary>A descriptor that no process has: every write to it fails.</summary>
    public const int None = -1;

    private const int GetFlags = 1; // F_GETFD
    private const int Interrupted = 4; // EINTR
    private const short Writable = 4; // POLLOUT
    private const short Error = 8; // POLLERR
    private const short HungUp = 16; // POLLHUP

    private static readonly int WouldBlock = OperatingSystem.IsMacOS() ? 35 : 11; // EAGAIN

    /// <summary>
    /// Whether the process was started with this descriptor open. If not, it may be the runtime's by now, as one end of the pipe on which
    /// it gets its signals, and must be neither written nor read. The runtime's descriptors are closed on exec; one that came through an
    /// exec cannot be.
    /// </summary>
    public static bool IsInherited(int descriptor) => OperatingSystem.IsWindows() || Control(descriptor, GetFlags) == 0;

    /// <summary>How many bytes were written; negative for an error, which the runtime keeps.</summary>
    public static int Write(int descriptor, ReadOnlySpan<byte> buffer) =>
        (int)WriteTo(descriptor, in MemoryMarshal.GetReference(buffer), buffer.Length);

    /// <summary>Whether the error passes. Waits until it has: a terminal's descriptor that others share need not block.</summary>
    public static bool IsToBeTriedAgain(int descriptor, int error)
    {
        if (error != WouldBlock)
        {
            return error == Interrupted;
        }

        var waiting = new Waiting { Descriptor = descriptor, Events = Writable };
        _ = Poll(ref waiting, 1, Timeout.Infinite);
        return true;
    }

    /// <summary>Waits until nobody reads any more what is written to the descriptor. It never returns for a file.</summary>
    /// <returns>False when the descriptor cannot be waited for.</returns>
    public static bool WaitUntilUnread(int descriptor)
    {
        while (true)
        {
            // Without any events: errors and hang-ups are reported in any case.
            var waiting = new Waiting { Descriptor = descriptor };
            var found = Poll(ref waiting, 1, Timeout.Infinite);
            if (found > 0)
            {
                return (waiting.Found & (Error | HungUp)) != 0;
            }

            if (found < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            {
                return false;
            }
        }
    }

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint WriteTo(int descriptor, in byte buffer, nint count);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref Waiting waiting, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command);

    [StructLayout(LayoutKind.Sequential)]
    private struct Waiting
    {
        public int Descriptor;
        public short Events;
        public short Found;
    }
}
