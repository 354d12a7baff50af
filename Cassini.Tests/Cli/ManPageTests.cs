using System.CommandLine;
using System.Text.RegularExpressions;
using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Tests.Support;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Manual;

namespace Cassini.Tests.Cli;

/// <summary>The man page and the help are made from the same commands, and so cannot differ from them.</summary>
public sealed class ManPageTests : IDisposable
{
    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Page_EveryCommandAndFlag_IsThere()
    {
        (await RunAsync("man")).ShouldBe(ExitCode.Ok);

        var page = _console.Out.ToString().Replace(@"\-", "-", StringComparison.Ordinal);
        foreach (var command in Commands())
        {
            page.ShouldContain($".SH CASSINI {command.Name.ToUpperInvariant()}\n");
            foreach (var option in command.Options)
            {
                page.ShouldContain($@"\fB{option.Name}", customMessage: $"{command.Name} {option.Name}");
            }

            foreach (var (line, _) in ((DocumentedCommand)command).Examples)
            {
                page.ShouldContain($@"\fB{line}\fR");
            }
        }

        foreach (var (code, meaning) in RootNotes.ExitCodes)
        {
            page.ShouldContain($"\\fB{code}\\fR\n{meaning}");
        }
    }

    [Fact]
    public async Task Page_ReadByGroff_HasNoFault()
    {
        var groff = Programs.Require("groff");
        using var directory = new TempDirectory();
        await RunAsync("man");
        directory.Write("cassini.1", _console.Out + "\n");

        await using var child = ChildProcess.Start(groff, ["-man", "-Tutf8", "-ww", "cassini.1"], directory.Path);

        (await child.ExitCodeAsync("it is set")).ShouldBe(0, child.Error.ToString());
        child.Error.Lines.ShouldBeEmpty();
        var text = Regex.Replace(child.Out.ToString(), ".\b", ""); // Bold and italics are typed over.
        text.ShouldContain("--stdin-lines");
        text.ShouldContain("cassini watch a:9090 --json | jq 'select(.note == \"transition\")'");
    }

    [Theory]
    [InlineData("")]
    [InlineData("pub")]
    [InlineData("serve")]
    [InlineData("help")]
    public async Task Help_AsACommand_IsThatOfTheFlag(string command)
    {
        (await RunAsync([.. "help".Split(' '), .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).ShouldBe(ExitCode.Ok);
        var byCommand = _console.Out.Lines.ToList();

        (await RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"])).ShouldBe(ExitCode.Ok);

        byCommand.ShouldNotBeEmpty();
        _console.Out.Lines.Skip(byCommand.Count).ShouldBe(byCommand);
    }

    [Fact]
    public async Task Help_OfTheProgram_ShowsWhichArgumentsAreRequired()
    {
        await RunAsync("help");

        var help = _console.Out.ToString();
        help.ShouldMatch(@"(?m)^  wait \[URL\]\.\.\. +Waits");
        help.ShouldMatch(@"(?m)^  pub TOPIC \[MESSAGE\] +Publishes");
        help.ShouldMatch(@"(?m)^  sub FILTER\.\.\. +Subscribes");
        help.ShouldMatch(@"(?m)^  completion SHELL +Writes");
        help.ShouldMatch(@"(?m)^  -\?, -h, --help +Show");
        help.ShouldNotContain("degraded", customMessage: "no command ends with an exit code for it");
    }

    [Fact]
    public async Task Help_OfCompletion_NamesTheArgumentAndItsWords()
    {
        await RunAsync("help", "completion");

        _console.Out.ToString().ShouldMatch("(?m)^  <SHELL> +bash, zsh, fish\\.");
    }

    [Fact]
    public async Task Help_OfPub_SaysWhenADenialIsSeen()
    {
        await RunAsync("help", "pub");

        _console.Out.ToString().ShouldContain("with --qos 0, or with --mqtt 3.1.1, the\nprotocol has no answer for it");
    }

    [Theory]
    [InlineData("pup", "did you mean 'pub'?")]
    [InlineData("everything", "the commands are serve, wait, watch, run, replay, pub, sub, admin, store, certs, help, completion, man")]
    public async Task Help_OfACommandThatIsNone_Is64(string command, string advice)
    {
        (await RunAsync("help", command)).ShouldBe(ExitCode.Usage);

        _console.Error.Lines.ShouldBe([$"cassini: there is no command '{command}': {advice}"]);
        _console.Out.Lines.ShouldBeEmpty();
    }

    private Command[] Commands() =>
    [
        ServeCommand.Create(_console.Context),
        WaitCommand.Create(_console.Context),
        WatchCommand.Create(_console.Context),
        RunCommand.Create(_console.Context, FeedBrokerHealth.Factory(TimeProvider.System)),
        ReplayCommand.Create(_console.Context),
        PubCommand.Create(_console.Context),
        SubCommand.Create(_console.Context),
        AdminCommand.Create(_console.Context),
        StoreCommand.Create(_console.Context),
        CertsCommand.Create(_console.Context),
        HelpCommand.Create(_console.Context),
        CompletionCommand.Create(_console.Context),
        ManCommand.Create(_console.Context),
    ];

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(args, _console.Context, Commands());
}
