using System.Diagnostics;

namespace Cassini.Tests.Support;

/// <summary>Makes what is no regular file.</summary>
internal static class SpecialFile
{
    /// <summary>Makes a pipe with a name. Whoever opens it to read waits for a writer. Skips the test where there are none.</summary>
    public static string MakePipe(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux it is known what a file is before it is opened.");
        using var process = Process.Start("mkfifo", path);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
        return path;
    }
}
