using Cassini.Harness;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Context;

namespace Cassini.Tests.Cli;

/// <summary>The real executable where something is missing that every desktop has: it runs, or says in one sentence why not.</summary>
public sealed class SurroundingsTests : IDisposable
{
    private const string Serve = "serve --bind 127.0.0.1:0 --management 127.0.0.1:0 --data-dir .";
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Serve_UserWithoutAHome_Serves()
    {
        var setpriv = Programs.Require("setpriv");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can become another user");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_directory.Path, (UnixFileMode)0b111_111_111);
        }

        var dotnet = Programs.Require("dotnet");
        await using var cassini = ChildProcess.Paste(
            $"{setpriv} --reuid 54321 --clear-groups env -i {dotnet} {CassiniProcess.Executable} {Serve}", _directory.Path);
        var management = await cassini.ManagementAsync();
        using var http = new HttpClient();

        using var ready = await http.GetAsync($"{management}/readyz?wait=20s", TestContext.Current.CancellationToken);

        ready.IsSuccessStatusCode.ShouldBeTrue(cassini.Error.ToString());
        cassini.Error.ToString().ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData(Serve)]
    [InlineData("wait http://127.0.0.1:1 --timeout 1s")]
    [InlineData("run plan.json")]
    [InlineData("pub a b")]
    [InlineData("sub a")]
    [InlineData("certs c")]
    [InlineData("replay /dev/null")]
    [InlineData("--version")]
    public async Task AnyCommand_TooFewFiles_RunsOrIsOneSentence(string command)
    {
        await using var limited = ChildProcess.Start(
            "/bin/sh", ["-c", $"ulimit -n 100; exec dotnet {CassiniProcess.Executable} {command}"], _directory.Path);

        await limited.ExitCodeAsync("it ends");

        limited.Error.ToString().ShouldNotContain("   at ");
        if (command == Serve)
        {
            limited.Error.ToString().ShouldBe(
                "cassini: the process may open only 100 files, which are too few: allow 320 with 'ulimit -n' or LimitNOFILE=");
        }
    }

    [Fact]
    public async Task AnyCommand_WorkingDirectoryIsGone_IsOneSentence()
    {
        var gone = _directory.File("gone");
        Directory.CreateDirectory(gone);
        await using var cassini = ChildProcess.Start(
            "/bin/sh", ["-c", $"rmdir '{gone}'; exec dotnet {CassiniProcess.Executable} --version"], gone);

        (await cassini.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Error);
        cassini.Error.ToString().ShouldBe(
            "cassini: the working directory does not exist any more, or cannot be read: change to another one");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("/", false)]
    [InlineData("/nonexistent", false)]
    [InlineData("/home/ada", true)]
    public void Home_WhereNothingCanBeKept_IsNone(string? home, bool exists) => HomeDirectory.Exists(home).ShouldBe(exists);
}
