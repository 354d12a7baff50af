namespace Cassini.Tests.Support;

public class TempDirectoryTests
{
    [Fact]
    public void TempDirectory_InUse_IsItsOwnAndGoneAfterwards()
    {
        string path;
        using (var directory = new TempDirectory())
        using (var other = new TempDirectory())
        {
            path = directory.Path;
            other.Path.ShouldNotBe(path);
            File.ReadAllText(directory.Write("a.txt", "text")).ShouldBe("text");
            directory.File("a.txt").ShouldBe(Path.Combine(path, "a.txt"));
            Directory.CreateDirectory(directory.File("nested"));
            File.Exists(other.File("a.txt")).ShouldBeFalse();
        }

        Directory.Exists(path).ShouldBeFalse();
    }

    [Fact]
    public void Dispose_DirectoryGoneAlready_IsNoError()
    {
        var directory = new TempDirectory();
        Directory.Delete(directory.Path);
        directory.Dispose();
    }
}
