using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Web.Cli;

namespace Cassini.Tests.Cli;

/// <summary>A file without an end is an error of one sentence wherever a command reads one.</summary>
public sealed class EndlessFileTests : IDisposable
{
    private readonly TestConsole _console = new();

    public EndlessFileTests() => Assert.SkipUnless(File.Exists("/dev/zero"), "this machine has no /dev/zero");

    public void Dispose() => _console.Dispose();

    [Theory]
    [InlineData("pub big --file /dev/zero", "--file: /dev/zero: has more than 268,435,455 bytes, which is more than a message can have")]
    [InlineData("serve --config /dev/zero", "/dev/zero: has more than 4,194,304 bytes")]
    [InlineData("wait --token-file /dev/zero", "--token-file: /dev/zero: has more than 65,536 bytes")]
    [InlineData("watch --token-file /dev/zero", "--token-file: /dev/zero: has more than 65,536 bytes")]
    [InlineData("replay x --policy /dev/zero", "/dev/zero: has more than 4,194,304 bytes")]
    [InlineData("replay /dev/zero", "/dev/zero: cannot be read: a line is longer than 64 MiB: this is no record")]
    public async Task Run_FileWithoutAnEnd_IsOneSentence(string args, string complaint)
    {
        (await RunAsync(args.Split(' '))).ShouldBe(ExitCode.Error);

        _console.Error.Lines.ShouldBe([$"cassini: {complaint}"]);
    }

    [Fact]
    public async Task Run_PlanWithoutAnEnd_IsOneSentence()
    {
        (await RunAsync("run", "/dev/zero")).ShouldBe(ExitCode.BrokenPlan);

        _console.Error.Lines.ShouldBe(["cassini: /dev/zero: has more than 4,194,304 bytes"]);
    }

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(
        args,
        _console.Context,
        ServeCommand.Create(_console.Context),
        WaitCommand.Create(_console.Context),
        WatchCommand.Create(_console.Context),
        RunCommand.Create(_console.Context, FeedBrokerHealth.Factory(TimeProvider.System)),
        ReplayCommand.Create(_console.Context),
        PubCommand.Create(_console.Context));
}
