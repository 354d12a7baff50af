using Cassini.Tests.Docs;

namespace Cassini.Tests.Support;

/// <summary>
/// Programs that some tests need and not every machine has. Such a test is skipped with the reason where the program is
/// absent, except on CI (the variable CI is true), where a skipped test would be a gap nobody sees: there it fails.
/// </summary>
internal static class Programs
{
    /// <summary>The program's full path. Call it first in the test.</summary>
    public static string Require(string name) => Require(
        name,
        Environment.GetEnvironmentVariable("PATH"),
        bool.TryParse(Environment.GetEnvironmentVariable("CI"), out var isCi) && isCi);

    /// <summary>The directory of a library of npm, where .ci/run installs it. Call it first in the test.</summary>
    public static string RequireModule(string name)
    {
        var directory = Path.Combine(Repository.Root, ".ci", "tools", "node_modules", name);
        if (!Directory.Exists(directory))
        {
            var reason = $"This test needs the npm library '{name}': npm install --prefix .ci/tools {name}";
            Environment.GetEnvironmentVariable("CI").ShouldNotBe("true", reason);
            Assert.Skip(reason);
        }

        return directory;
    }

    internal static string Require(string name, string? searchPath, bool isCi)
    {
        var found = Find(name, searchPath);
        if (found is null)
        {
            var reason = $"This test needs the program '{name}', which is not on the PATH.";
            if (isCi)
            {
                Assert.Fail(reason + " On CI that is an error: install it.");
            }

            Assert.Skip(reason);
        }

        return found;
    }

    private static string? Find(string name, string? searchPath)
    {
        var fileName = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (searchPath ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(directory => Path.Combine(directory, fileName))
            .FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) =>
        File.Exists(path)
        && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
