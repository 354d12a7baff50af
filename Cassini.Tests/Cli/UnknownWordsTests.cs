using Cassini.Harness;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

public sealed class UnknownWordsTests : IDisposable
{
    private const string Behind = "an argument that begins with '-' goes behind '--'";
    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Theory]
    [InlineData("pub -t a b", "-t", "the topic is the first argument")]
    [InlineData("pub a -m b", "-m", "the message is the second argument")]
    [InlineData("pub a b --topci c", "--topci", "the topic is the first argument")]
    [InlineData("sub -t a", "-t", "the filters are arguments, without a flag")]
    [InlineData("sub # -q 1", "-q", "did you mean '--qos'?")]
    [InlineData("sub --json -x a", "-x", Behind)]
    [InlineData("pub a -5", "-5", Behind)]
    [InlineData("pub a b --qso 1", "--qso", "did you mean '--qos'?")]
    [InlineData("pub a b --hepl", "--hepl", "did you mean '--help'?")]
    [InlineData("serve --bnid x", "--bnid", "did you mean '--bind'?")]
    [InlineData("--managment x", "--managment", "did you mean '--management'?")]
    [InlineData("--verion", "--verion", "did you mean 'cassini --version'?")]
    [InlineData("--prot 1883", "--prot", "the port is part of --bind HOST:PORT")]
    [InlineData("serve -p 1883", "-p", "the port is part of --bind HOST:PORT")]
    [InlineData("replay x --polcy y", "--polcy", "did you mean '--policy'?")]
    [InlineData("replay -v", "-v", Behind)]
    [InlineData("wait -v", "-v", Behind)]
    [InlineData("certs -v", "-v", Behind)]
    public async Task Run_FlagThatDoesNotExist_Is64WithOneSentence(string args, string flag, string advice)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Usage);

        _console.Error.Lines[0].ShouldBe($"cassini: there is no flag '{flag}': {advice}");
        _console.Error.Lines[1].ShouldStartWith("Try 'cassini ");
        _console.Error.Lines.Count.ShouldBe(2);
        _console.Out.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_FlagThatIsLikeNone_IsSaidWithoutAGuess()
    {
        (await RunAsync("serve", "-x")).ShouldBe(ExitCode.Usage);

        _console.Error.Lines.ShouldBe(["cassini: there is no flag '-x'", "Try 'cassini serve --help'."]);
    }

    [Theory]
    [InlineData("pbu a b", "'pbu': did you mean 'pub'?")]
    [InlineData("srve", "'srve': did you mean 'serve'?")]
    [InlineData("srve --bind x", "'srve': did you mean 'serve'?")]
    [InlineData("everything", "'everything': the commands are serve, wait, replay, pub, sub, certs")]
    public async Task Run_CommandThatDoesNotExist_Is64WithOneSentence(string args, string expected)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Usage);

        _console.Error.Lines.ShouldBe([$"cassini: there is no command {expected}", "Try 'cassini --help'."]);
    }

    [Theory]
    [InlineData("pub -- -t a")]
    [InlineData("pub a --qos 1 -- -5")]
    [InlineData("sub -- -t -q")]
    [InlineData("pub a b --id -x")]
    [InlineData("pub a b --id=-x")]
    [InlineData("pub --json -- -t a")]
    public async Task Run_ArgumentThatBeginsWithADashBehindTwo_IsAnArgument(string args)
    {
        _console.Environment["HOME"] = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString());

        // With a directory that has no certificates, so that it ends when the words have been understood.
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldHaveSingleItem().ShouldContain("there are no development certificates");
    }

    [Fact]
    public async Task Run_HelpBesideAFlagThatDoesNotExist_Helps() => (await RunAsync("pub", "-t", "--help")).ShouldBe(ExitCode.Ok);

    private Task<int> RunAsync(params string[] args)
    {
        var context = _console.Context;
        return CommandLine.RunAsync(
            args,
            context,
            ServeCommand.Create(context),
            WaitCommand.Create(context),
            ReplayCommand.Create(context),
            PubCommand.Create(context),
            SubCommand.Create(context),
            CertsCommand.Create(context));
    }
}
