using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Docs;

/// <summary>What <c>dotnet run</c> does with relative paths, and git with keys.</summary>
public sealed class RunFromSourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Run_RelativePath_IsOfTheCallersFolder()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await using var cassini = ChildProcess.Paste(
            $"dotnet run --no-build -c {configuration} --project '{Path.Combine(Repository.Root, "Cassini.Web")}' -- certs ./mine",
            _directory.Path);

        (await cassini.ExitCodeAsync("it makes them", StartedAsInReadme.Patience)).ShouldBe(0, cassini.Error.ToString());

        File.Exists(Path.Combine(_directory.Path, "mine", "ca.pem")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("certs/client.key")]
    [InlineData("Cassini.Web/certs/client.pem")]
    [InlineData("samples/Embedded/dev-certs/ca.pem")]
    [InlineData("alice.key")]
    public async Task Git_KeysAndCertificates_AreIgnored(string path)
    {
        await using var git = ChildProcess.Start(Programs.Require("git"), ["check-ignore", "-q", path], Repository.Root);

        (await git.ExitCodeAsync("it answers")).ShouldBe(0);
    }
}
