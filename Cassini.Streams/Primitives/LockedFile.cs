namespace Cassini.Streams.Primitives;

/// <summary>A file that is open for one program alone.</summary>
internal static class LockedFile
{
    /// <summary>
    /// Whether a file could not be opened because another one has it locked: EWOULDBLOCK of Linux or macOS, the sharing violation of
    /// Windows.
    /// </summary>
    public static bool IsTaken(IOException failure) =>
        (failure.HResult & 0xFFFF) == (OperatingSystem.IsWindows() ? 32 : OperatingSystem.IsLinux() ? 11 : 35);
}
