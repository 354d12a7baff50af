namespace Cassini.Tests.Support;

/// <summary>Who may do what with a file.</summary>
internal static class UnixMode
{
    /// <summary>Its user may do everything, and nobody else anything.</summary>
    public const UnixFileMode OnlyItsUser = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The mode of a file or a directory. Skips the test where there are none.</summary>
    public static UnixFileMode Of(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
#pragma warning disable CA1416 // Skipped on Windows above.
        return File.GetUnixFileMode(path);
#pragma warning restore CA1416
    }
}
