using System.Runtime.InteropServices;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>
/// Lowers the connection limits to the number of files that the process may open. A process without file descriptors can neither answer
/// probes nor reload certificates, and the runtime itself may abort: clients must not use the last ones.
/// </summary>
internal static class DescriptorBudget
{
    private const long LargestReserve = 3_072;

    // Holds what the program itself opens: about 220 files, most of them assemblies.
    private const long SmallestReserve = 256;

    // What the program itself has open at most when it begins, and when its host is made. What is more was open before it, or belongs to
    // the application around it.
    private const long OwnAtFirst = 64;
    private const long OwnOfHost = 240;

    /// <summary>With fewer descriptors the program cannot load all of its own parts.</summary>
    public const long Least = SmallestReserve + 64;

    /// <summary>How many descriptors the process must be allowed for its commands to run.</summary>
    /// <param name="needed">How many the program itself needs.</param>
    /// <param name="open">How many are open at its beginning.</param>
    public static long LeastWith(long needed, long open) => needed + Math.Max(0, open - OwnAtFirst);

    /// <summary>
    /// How many descriptors are open; 0 where the system does not say. It needs no part of the program that is not loaded yet. Any thread.
    /// </summary>
    public static long CountOpen()
    {
        try
        {
            return OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>
    /// How many descriptors the process may open; null where the system does not say. It needs no descriptor itself. Any thread.
    /// </summary>
    public static long? Read()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var openFiles = OperatingSystem.IsLinux() ? 7 : 8; // RLIMIT_NOFILE
        return GetLimits(openFiles, out var limits) == 0 && limits.Soft < long.MaxValue ? (long)limits.Soft : null;
    }

    /// <summary>How many descriptors the limits of connections want, the reserve included.</summary>
    /// <param name="options">The limits asked for.</param>
    /// <param name="open">How many are open already.</param>
    public static long WantedBy(ListenerOptions options, long open = 0)
    {
        var wanted = (long)options.MaxConnections + options.MaxPending;
        return wanted + Math.Clamp((wanted - 1) / 3, SmallestReserve, LargestReserve) + Foreign(open);
    }

    /// <summary>
    /// The same options when open and pending connections fit beside a reserve (a quarter of the limit, 256 to 3,072); else with both
    /// limits made smaller in proportion.
    /// </summary>
    /// <param name="options">The limits asked for.</param>
    /// <param name="descriptors">How many descriptors the process may open; null for no limit.</param>
    /// <param name="open">How many are open already: those that are not the program's own leave less.</param>
    public static ListenerOptions Fit(ListenerOptions options, long? descriptors, long open = 0)
    {
        if (descriptors is not { } allowed)
        {
            return options;
        }

        var limit = allowed - Foreign(open);
        var available = Math.Max(2, limit - Math.Clamp(limit / 4, SmallestReserve, LargestReserve));
        var wanted = (long)options.MaxConnections + options.MaxPending;
        if (wanted <= available)
        {
            return options;
        }

        var pending = (int)Math.Max(1, available * options.MaxPending / wanted);
        return options with
        {
            MaxConnections = (int)Math.Max(1, available * options.MaxConnections / wanted),
            MaxPending = pending,
            MaxPendingPerAddress = Math.Min(options.MaxPendingPerAddress, pending),
        };
    }

    private static long Foreign(long open) => Math.Max(0, open - OwnOfHost);

    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimits(int resource, out ResourceLimits limits);

    /// <summary>The struct rlimit, with room for members that are wider than a word.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct ResourceLimits
    {
        public nuint Soft;
    }
}
