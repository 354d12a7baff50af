namespace Cassini.Streams.Primitives;

/// <summary>A directory whose content is nobody else's: what clients sent to each other, and who connects from where.</summary>
internal static class PrivateDirectory
{
    /// <summary>Makes it, and the missing ones above it, with mode 0700. One that exists stays as it is.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no permission for it.</exception>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
