using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Docs;

/// <summary>Every command of the README is run.</summary>
public class ReadmeTests(StartedAsInReadme readme) : IClassFixture<StartedAsInReadme>
{
    public static TheoryData<string> CommandsThatEnd => [.. ReadmeCommands.All.Where(IsRunToItsEnd)];

    public static TheoryData<string> CommandsThatStay => [.. ReadmeCommands.All.Where(StaysOpen)];

    [Fact]
    public void Readme_Commands_AreAllKindsThatAreRunHere()
    {
        ReadmeCommands.All.Count(command => command == ReadmeCommands.Start).ShouldBe(1);
        ReadmeCommands.All.Count(command => command == ReadmeCommands.Test).ShouldBe(1);
        CommandsThatStay.Count.ShouldBe(5);
        (CommandsThatEnd.Count + CommandsThatStay.Count + 2).ShouldBe(ReadmeCommands.All.Count);
    }

    [Fact]
    public void Readme_TestCommand_IsWhatCiRuns() =>
        Repository.Read(".ci", "run").Split('\n')
            .ShouldContain(line => line.StartsWith($"{ReadmeCommands.Test} ", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(CommandsThatEnd))]
    public async Task Readme_CommandThatEnds_Succeeds(string command)
    {
        Programs.Require(command.Split(' ')[0]);
        await using var child = readme.Run(command);

        (await child.ExitCodeAsync(command, StartedAsInReadme.Patience)).ShouldBe(0, child.Error.ToString());

        if (!IsPublisher(command))
        {
            child.Out.Lines.ShouldNotBeEmpty();
        }
    }

    [Theory]
    [MemberData(nameof(CommandsThatStay))]
    public async Task Readme_CommandThatStays_GetsThrough(string command)
    {
        Programs.Require(command.Split(' ')[0]);
        if (IsServer(command))
        {
            await MakeCertificatesAsync();
        }

        // The README has it serve instead of the first one, whose journal it would have.
        using var data = new TempDirectory();
        await using var child = readme.Run(command, IsServer(command) ? data.Path : null);

        if (command.StartsWith("curl", StringComparison.Ordinal))
        {
            await child.Out.LineAsync("the feed begins", line => line == "event: snapshot");
            return;
        }

        if (IsServer(command))
        {
            await ServesWithItsCanaryAsync(child);
            return;
        }

        if (IsSubscriber(command))
        {
            // What the README publishes in its next line arrives.
            var publish = ReadmeCommands.All.Single(line => IsPublisher(line) && line.Split(' ')[0][..3] == command[..3]) + " --retain";
            await using var publisher = readme.Run(publish);
            (await publisher.ExitCodeAsync(publish, StartedAsInReadme.Patience)).ShouldBe(0, publisher.Error.ToString());
            await child.Out.LineAsync("the greeting arrives", line => line == "greetings/world hello", StartedAsInReadme.Patience);
            return;
        }

        using var http = new HttpClient();
        await Eventually.BecomesAsync(
            "the session is open",
            async () => await http.GetStringAsync($"{readme.Management}/connections", TestContext.Current.CancellationToken),
            sessions => sessions.Contains("\"client\"", StringComparison.Ordinal));
        child.Error.ToString().ShouldNotContain("verify error");
    }

    private async Task MakeCertificatesAsync()
    {
        var certs = ReadmeCommands.All.Single(line => line.StartsWith($"{ReadmeCommands.Start} -- certs ", StringComparison.Ordinal));
        await using var child = readme.Run(certs);
        (await child.ExitCodeAsync(certs, StartedAsInReadme.Patience)).ShouldBe(0, child.Error.ToString());
    }

    private static async Task ServesWithItsCanaryAsync(ChildProcess server)
    {
        var dashboard = await server.Out.LineAsync(
            "the start-up text", line => line.StartsWith("  dashboard", StringComparison.Ordinal), StartedAsInReadme.Patience);
        server.Out.Lines.ShouldContain(line =>
            line.StartsWith("  certificates", StringComparison.Ordinal) && !line.Contains("development", StringComparison.Ordinal));
        using var http = new HttpClient();
        await Eventually.BecomesAsync(
            "the canary gets through",
            async () =>
            {
                using var answer = await http.GetAsync(
                    $"{dashboard.Split(' ')[^1]}/readyz?verbose", TestContext.Current.CancellationToken);
                return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            },
            checks => checks.Contains("[+]canary ok", StringComparison.Ordinal) && !checks.Contains("CanaryOff", StringComparison.Ordinal));
    }

    [Fact]
    public void Extract_FencedBlocks_TakesOnlyShell() => ReadmeCommands.Extract("""
        a
        ```sh
        one

        two
        ```
        three
        ```json
        four
        ```
        ```sh
        five
        ```
        """).ShouldBe(["one", "two", "five"]);

    private static bool IsRunToItsEnd(string command) =>
        command is not (ReadmeCommands.Start or ReadmeCommands.Test) && !StaysOpen(command);

    private static bool IsServer(string command) =>
        command.StartsWith($"{ReadmeCommands.Start} -- serve ", StringComparison.Ordinal);

    private static bool IsSubscriber(string command) =>
        command.StartsWith("mosquitto_sub", StringComparison.Ordinal)
            || command.StartsWith($"{ReadmeCommands.Start} -- sub ", StringComparison.Ordinal);

    private static bool IsPublisher(string command) =>
        command.StartsWith("mosquitto_pub", StringComparison.Ordinal)
            || command.StartsWith($"{ReadmeCommands.Start} -- pub ", StringComparison.Ordinal);

    private static bool StaysOpen(string command) =>
        command.StartsWith("openssl s_client", StringComparison.Ordinal)
        || IsServer(command)
        || IsSubscriber(command)
        || command.StartsWith("curl -N", StringComparison.Ordinal);
}
