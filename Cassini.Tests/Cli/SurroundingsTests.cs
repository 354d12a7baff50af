using Cassini.Harness;
using Cassini.Tests.Cli.Messaging;
using Cassini.Tests.Support;
using Cassini.Web.Cli.Context;

namespace Cassini.Tests.Cli;

/// <summary>The real executable where something is missing that every desktop has: it runs, or says in one sentence why not.</summary>
[StartsExecutable]
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

        var program = CassiniProcess.IsProgram ? CassiniProcess.Executable : $"{Programs.Require("dotnet")} '{CassiniProcess.Executable}'";
        await using var cassini = ChildProcess.Paste(
            $"{setpriv} --reuid 54321 --clear-groups env -i {program} {Serve}", _directory.Path);
        var management = await cassini.ManagementAsync();
        using var http = new HttpClient();

        using var ready = await http.GetAsync($"{management}/readyz?wait=20s", TestContext.Current.CancellationToken);

        ready.IsSuccessStatusCode.ShouldBeTrue(cassini.Error.ToString());
        cassini.Error.ToString().ShouldNotContain("   at ");
    }

    public static TheoryData<string, int> TooFew()
    {
        var cases = new TheoryData<string, int> { { Serve, 200 }, { Serve, 319 } };
        foreach (var limit in (int[])[30, 40, 50, 60, 70, 80, 90, 100, 159])
        {
            cases.Add(Serve, limit);
            cases.Add("certs c", limit);
            cases.Add("pub a b", limit);
        }

        string[] others = ["wait http://127.0.0.1:1 --timeout 1s", "run plan.json", "sub a", "replay /dev/null", "--version"];
        foreach (var command in others)
        {
            cases.Add(command, 90);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(TooFew))]
    public async Task AnyCommand_TooFewFiles_IsOneSentence(string command, int limit)
    {
        await using var limited = StartLimited(command, limit);

        (await limited.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Error);

        var needed = command == Serve ? 320 : 160;
        limited.Error.ToString().ShouldBe(
            $"cassini: the process may open only {limit} files, which are too few: allow {needed} with 'ulimit -n' or LimitNOFILE=");
        limited.Out.Lines.ShouldBeEmpty();
    }

    /// <summary>A parent that leaks its files leaves fewer than the limit says.</summary>
    [Fact]
    public async Task Serve_FilesThatItsParentLeftOpen_AreCounted()
    {
        var bash = Programs.Require("bash");
        await using var limited = ChildProcess.Start(
            bash,
            [
                "-c",
                "for i in $(seq 100 399); do eval \"exec $i</dev/null\"; done; ulimit -n 400; "
                    + $"exec {CassiniProcess.InShell} {Serve}",
            ],
            _directory.Path);

        (await limited.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Error);

        limited.Error.ToString().ShouldMatch(
            "^cassini: the process may open only 400 files, which are too few: allow [56][0-9][0-9] with 'ulimit -n' or LimitNOFILE=$");
    }

    [Theory]
    [InlineData("certs c", ExitCode.Ok)]
    [InlineData("wait http://127.0.0.1:1 --timeout 1s", ExitCode.TimedOut)]
    [InlineData("replay none.jsonl", ExitCode.Error)]
    [InlineData("--version", ExitCode.Ok)]
    public async Task CommandOtherThanServe_FewFiles_Runs(string command, int code)
    {
        await using var limited = StartLimited(command, 160);

        (await limited.ExitCodeAsync("it ends")).ShouldBe(code, limited.Error.ToString());

        limited.Error.ToString().ShouldNotContain("too few");
    }

    [Fact]
    public async Task Pub_FewFiles_Publishes()
    {
        await using var rig = await PubSubRig.StartAsync();
        await using var limited = StartLimited($"pub t x --qos 1 {string.Join(' ', rig.Connection)}", 160);

        (await limited.ExitCodeAsync("it ends")).ShouldBe(ExitCode.Ok, limited.Error.ToString());
    }

    [Fact]
    public async Task AnyCommand_WorkingDirectoryIsGone_IsOneSentence()
    {
        var gone = _directory.File("gone");
        Directory.CreateDirectory(gone);
        await using var cassini = ChildProcess.Start(
            "/bin/sh", ["-c", $"rmdir '{gone}'; exec {CassiniProcess.InShell} --version"], gone);

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

    private ChildProcess StartLimited(string command, int limit) => ChildProcess.Start(
        "/bin/sh", ["-c", $"ulimit -n {limit}; exec {CassiniProcess.InShell} {command}"], _directory.Path);
}
