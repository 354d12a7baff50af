using System.Runtime.InteropServices;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>Counts the file descriptors that the process has open. Linux alone says how many there are.</summary>
internal static class OpenDescriptors
{
    private const string Directory = "/proc/self/fd";
    private const int SizeMask = 0x200; // STATX_SIZE
    private const int CurrentDirectory = -100; // AT_FDCWD

    /// <summary>How many there are; null where the system does not say. Any thread.</summary>
    public static long? Count()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            // The size of the directory is their number from Linux 6.2 on. Before that it is 0, and they are counted one by one.
            return StatX(CurrentDirectory, Directory, 0, SizeMask, out var found) == 0 && found.Size > 0 ? (long)found.Size : CountEach();
        }
        catch (EntryPointNotFoundException)
        {
            return CountEach();
        }
    }

    /// <summary>The same, slowly: without a string for each.</summary>
    internal static long? CountEach()
    {
        try
        {
            var entries = new System.IO.Enumeration.FileSystemEnumerable<byte>(Directory, static (ref _) => 0);
            return entries.LongCount() - 1; // The one that reads the directory.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is not there in some containers, and at the limit it cannot be opened.
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int directory, string path, int flags, uint mask, out FileFacts facts);

    /// <summary>The struct statx, whose layout is the same on all machines.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileFacts
    {
        [FieldOffset(40)]
        public ulong Size;
    }
}
