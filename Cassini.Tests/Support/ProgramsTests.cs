using Xunit.Sdk;

namespace Cassini.Tests.Support;

public class ProgramsTests
{
    [Fact]
    public void Require_Present_ReturnsItsPath()
    {
        using var empty = new TempDirectory();
        using var directory = new TempDirectory();
        var program = directory.Write(OperatingSystem.IsWindows() ? "tool.exe" : "tool", "");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        Programs.Require("tool", empty.Path + Path.PathSeparator + directory.Path, isCi: true).ShouldBe(program);
    }

    [Fact]
    public void Require_AbsentOrNotExecutable_SkipsWithTheReasonAndFailsOnCi()
    {
        using var directory = new TempDirectory();
        directory.Write("tool", "");
        foreach (var searchPath in new[] { directory.Path, "", null })
        {
            // Not Record.Exception: it lets a skip through, and this test would be skipped itself.
            Should.Throw<SkipException>(() => Programs.Require("tool", searchPath, isCi: false)).Message.ShouldContain("'tool'");
            Should.Throw<FailException>(() => Programs.Require("tool", searchPath, isCi: true)).Message.ShouldContain("'tool'");
        }
    }

    [Fact]
    public void Require_TheRealPath_FindsWhatRunsThisTest() =>
        Path.GetFileNameWithoutExtension(Programs.Require("dotnet")).ShouldBe("dotnet");
}
