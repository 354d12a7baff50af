namespace Cassini.Streams.Store.History;

/// <summary>The identity of the machine's present start.</summary>
internal static class BootId
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>It changes when the machine starts; null where the system has none.</summary>
    public static string? Read()
    {
        try
        {
            return File.ReadAllText(Path).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
