using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>Counts the file descriptors that the process has open. Linux alone says how many there are.</summary>
internal static class OpenDescriptors
{
    private const string Directory = "/proc/self/fd";

    /// <summary>How many there are; null where the system does not say. Any thread.</summary>
    public static long? Count()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // The size of the directory is their number from Linux 6.2 on. Before that it is 0, and they are counted one by one.
        return FileFacts.Of(Directory) is { Size: > 0 and var size } ? (long)size : CountEach();
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
}
