using Cassini.Harness;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

public class RunCommandTests : IDisposable
{
    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Theory]
    [InlineData("run", "PLAN is needed, or --role and --join to be a worker")]
    [InlineData("run --role subscriber", "--role and --join go together")]
    [InlineData("run --join a:1", "--role and --join go together")]
    [InlineData("run --role subscriber --join a:1", "--ca, --cert and --key are needed")]
    [InlineData("run --role sink --join a:1", "--ca, --cert and --key are needed")] // As earlier versions called it.
    [InlineData("run p.json --workers producer=1,sink=1 --listen a:1", "--ca, --cert and --key are needed")]
    [InlineData("run p.json --role subscriber --join a:1 --ca a --cert c --key k", "a worker takes no PLAN")]
    [InlineData("run p.json --listen a:1 --ca a --cert c --key k", "--listen and --workers go together")]
    [InlineData("run p.json --workers subscriber=1 --listen a:1", "--ca, --cert and --key are needed")]
    [InlineData(
        "run p.json --workers subscriber=0 --listen a:1 --ca a --cert c --key k",
        "--workers 'subscriber=0': expected publisher=N, subscriber=N or both")]
    [InlineData(
        "run p.json --workers subscriber=1,subscriber=2 --listen a:1 --ca a --cert c --key k",
        "--workers 'subscriber=1,subscriber=2': expected publisher=N, subscriber=N or both")]
    [InlineData(
        "run p.json --workers other=1 --listen a:1 --ca a --cert c --key k",
        "--workers 'other=1': expected publisher=N, subscriber=N or both")]
    [InlineData("run --role queen --join a:1 --ca a --cert c --key k", "--role 'queen' is not one of publisher, subscriber")]
    [InlineData("run --role subscriber --join a --ca a --cert c --key k", "--join 'a' is not an address: expected HOST:PORT")]
    [InlineData("run --role subscriber --join a:0 --ca a --cert c --key k", "--join 'a:0' is not an address: expected HOST:PORT")]
    [InlineData("run p.json --rport x", "there is no flag '--rport': did you mean '--report'?")]
    public async Task Run_WrongUsage_Is64AndSaysWhat(string args, string complaint)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Usage);

        _console.Error.ToString().ShouldContain("cassini: " + complaint);
    }

    [Fact]
    public async Task Run_Help_ListsItsExitCodes()
    {
        (await RunAsync("run", "--help")).ShouldBe(ExitCode.Ok);

        int[] own =
            [ExitCode.TimedOut, ExitCode.ExpectationFailed, ExitCode.BrokerUnhealthy, ExitCode.WorkerLost, ExitCode.BrokenPlan];
        foreach (var code in own)
        {
            _console.Out.Lines.ShouldContain(line => line.TrimStart().StartsWith($"{code} ", StringComparison.Ordinal));
        }
    }

    private Task<int> RunAsync(params string[] args) =>
        CommandLine.RunAsync(
            args,
            _console.Context,
            RunCommand.Create(_console.Context, _ => throw new InvalidOperationException("no broker is to be asked")));
}
