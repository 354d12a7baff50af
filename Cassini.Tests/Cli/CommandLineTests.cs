using Cassini.Harness;
using Cassini.Tests.Support;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

public class CommandLineTests : IDisposable
{
    private readonly TestConsole _console = new();
    private readonly TempDirectory _directory = new();

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("serve --bind", "Required argument missing for option: '--bind'", "Try 'cassini serve --help'.")]
    [InlineData("serve --set nonsense", "--set 'nonsense': expected SECTION:KEY=VALUE", "Try 'cassini serve --help'.")]
    [InlineData("serve --set =1", "--set '=1': expected SECTION:KEY=VALUE", "Try 'cassini serve --help'.")]
    [InlineData("serve extra", "Unrecognized command or argument 'extra'", "Try 'cassini serve --help'.")]
    [InlineData(
        "wait localhost", "'localhost' is not the URL of a management port: expected http://HOST:PORT or HOST:PORT",
        "Try 'cassini wait --help'.")]
    [InlineData("wait ftp://a", "'ftp://a' is not the URL of a management port", "Try 'cassini wait --help'.")]
    [InlineData("wait http://a/?wait=1s", "'http://a/?wait=1s' must not have a query", "Try 'cassini wait --help'.")]
    [InlineData("wait http://a --timeout banana", "--timeout 'banana' is not a duration such as 500ms", "Try 'cassini wait --help'.")]
    [InlineData("wait http://a --timeout 41d", "--timeout '41d' is not within 0ms to 40d", "Try 'cassini wait --help'.")]
    [InlineData("wait http://a --cert c.pem", "--cert and --key go together", "Try 'cassini wait --help'.")]
    [InlineData("wait http://a --for 1", "--for '1' is not one of ready, live, ok", "Try 'cassini wait --help'.")]
    [InlineData("wait http://a --for ready,live", "--for 'ready,live' is not one of ready, live, ok", "Try 'cassini wait --help'.")]
    [InlineData("certs", "Required argument 'DIR' missing", "Try 'cassini certs --help'.")]
    [InlineData("replay", "Required argument 'RECORD' missing", "Try 'cassini replay --help'.")]
    [InlineData("replay x --until soon", "--until 'soon' is not a time since the start such as 90s", "Try 'cassini replay --help'.")]
    [InlineData("wait @nothing", "'@nothing' is not the URL of a management port", "Try 'cassini wait --help'.")]
    public async Task Run_WrongUsage_Is64AndSaysWhatAndWhatNext(string args, string complaint, string advice)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Usage);

        _console.Out.Lines.ShouldBeEmpty();
        _console.Error.ToString().ShouldContain("cassini: " + complaint);
        _console.Error.ToString().ShouldContain(advice);
    }

    [Theory]
    [InlineData("--help", "Exit codes:")]
    [InlineData("-h", "Exit codes:")]
    [InlineData("serve --help", "cassini --bind 0.0.0.0:8883 --ca ca.pem")]
    [InlineData("wait --help", "cassini wait http://127.0.0.1:9090")]
    [InlineData("pub --help", "cassini pub greetings/world hello")]
    [InlineData("sub --help", "cassini sub '#'")]
    [InlineData("certs --help", "cassini certs ./certs")]
    [InlineData("replay --help", "cassini replay incident.jsonl")]
    public async Task Run_Help_ShowsUsageAndExamples(string args, string expected)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Ok);

        _console.Out.ToString().ShouldContain("Usage:");
        _console.Out.ToString().ShouldContain(expected);
        _console.Error.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_Version_IsOneLine()
    {
        (await RunAsync("--version")).ShouldBe(ExitCode.Ok);

        _console.Out.Lines.ShouldHaveSingleItem().ShouldMatch(@"^cassini \d+\.\d+\.\d+$");
    }

    [Fact]
    public async Task Run_SeveralWrongSettings_Is2AndListsThem()
    {
        (await RunAsync("--bind", "nowhere", "--set", "Health:Hold=banana")).ShouldBe(ExitCode.Error);

        _console.Error.Lines[0].ShouldBe("cassini: 2 settings are wrong:");
        _console.Error.Lines.Count.ShouldBe(3);
        _console.Out.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_OneWrongSetting_IsOneLine()
    {
        (await RunAsync("--bind", "nowhere")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: Listener:Endpoints: 'nowhere' is not an endpoint");
    }

    [Fact]
    public async Task Certs_NewDirectory_MakesThemAndSaysSo()
    {
        (await RunAsync("certs", _directory.File("certs"), "--client", "alice")).ShouldBe(ExitCode.Ok);

        foreach (var name in new[] { "ca.pem", "server.pem", "server.key", "client.pem", "client.key", "alice.pem", "alice.key" })
        {
            var path = Path.Combine(_directory.File("certs"), name);
            File.Exists(path).ShouldBeTrue(name);
            _console.Out.Lines.ShouldContain($"created  {path}");
        }
    }

    [Fact]
    public async Task Certs_Again_KeepsThem()
    {
        await RunAsync("certs", _directory.Path);
        var before = File.ReadAllText(_directory.File("client.key"));

        (await RunAsync("certs", _directory.Path)).ShouldBe(ExitCode.Ok);

        File.ReadAllText(_directory.File("client.key")).ShouldBe(before);
        _console.Out.Lines.ShouldContain($"kept     {_directory.File("client.key")}");
    }

    [Fact]
    public async Task Certs_HostsRevocationsAndTheList_AreForPeople()
    {
        (await RunAsync("certs", _directory.Path, "--client", "bob", "--host", "broker.test", "--revoke", "bob")).ShouldBe(ExitCode.Ok);
        _console.Out.Lines[^1].ShouldBe($"created  {_directory.File("ca.crl")} (CN=bob revoked)");
        var made = _console.Out.Lines.Count;

        (await RunAsync("certs", _directory.Path, "--list")).ShouldBe(ExitCode.Ok);

        var list = _console.Out.Lines.Skip(made).ToList();
        list.Count.ShouldBe(5);
        list[0].ShouldMatch("^ca      valid       until [-0-9]{10} [:0-9]{8}Z$");
        list[1].ShouldStartWith("bob     revoked     until ");
        list[4].ShouldMatch("^server  valid       until .*Z  localhost broker.test 127.0.0.1 ::1$");
        (await RunAsync("certs", _directory.Path, "--list", "--client", "x")).ShouldBe(ExitCode.Usage);
        _console.Error.Lines[0].ShouldBe("cassini: --list goes with no other option");
        (await RunAsync("certs", _directory.Path, "--host", "a b")).ShouldBe(ExitCode.Usage);
        _console.Error.Lines[^1].ShouldStartWith("cassini: 'a b' is not a host name that a certificate can have: ");
        (await RunAsync("certs", _directory.File("none"), "--list")).ShouldBe(ExitCode.Error);
        _console.Error.Lines[^1].ShouldContain("no such file");
    }

    [Fact]
    public async Task Certs_NameThatWillNotDo_Is64()
    {
        (await RunAsync("certs", _directory.Path, "--client", "../x")).ShouldBe(ExitCode.Usage);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini: '../x' is not a client name");
    }

    [Fact]
    public async Task Certs_DirectoryThatIsAFile_Is2()
    {
        var file = _directory.Write("file", "");

        (await RunAsync("certs", file)).ShouldBe(ExitCode.Error);
        (await RunAsync("certs", Path.Combine(file, "certs"))).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: {file}: is a file, not a directory", $"cassini: {file}: is a file, not a directory"]);
    }

    [Fact]
    public async Task Certs_DirectoryThatCannotBeCreated_Is2()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc takes no directories on Linux only");

        (await RunAsync("certs", "/proc/x")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe(["cassini: /proc/x: cannot be created there"]);
    }

    [Fact]
    public async Task Serve_DataDirectoryThatIsAFile_Is2()
    {
        var file = _directory.Write("file", "");

        (await RunAsync("--data-dir", file, "--bind", "127.0.0.1:0", "--management", "127.0.0.1:0")).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldContain(
            $"cassini: development certificates cannot be made: {file}: is a file, not a directory; "
            + "give another place with --data-dir or CASSINI_DATA_DIR");
    }

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(
        args,
        _console.Context,
        ServeCommand.Create(_console.Context),
        WaitCommand.Create(_console.Context),
        WatchCommand.Create(_console.Context),
        PubCommand.Create(_console.Context),
        SubCommand.Create(_console.Context),
        ReplayCommand.Create(_console.Context),
        CertsCommand.Create(_console.Context));
}
