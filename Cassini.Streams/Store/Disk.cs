namespace Cassini.Streams.Store;

/// <summary>The disk that a directory is on. Any thread.</summary>
/// <param name="directory">The full path of the directory.</param>
internal sealed class Disk(string directory)
{
    /// <summary>The bytes that this process may still write; null when that cannot be told.</summary>
    public long? Free
    {
        get
        {
            try
            {
                return new DriveInfo(directory).AvailableFreeSpace;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return null;
            }
        }
    }
}
