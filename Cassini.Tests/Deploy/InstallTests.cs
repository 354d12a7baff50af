using System.Runtime.InteropServices;
using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>
/// Cassini installed as the README says, in a home of its own, with no package source but the directory that the README's line fills.
/// What is packed is what these tests were built with.
/// </summary>
public sealed class InstallTests : IDisposable
{
    private const int Kill = 9;

    /// <summary>What the SDK may take on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly string[] Serve = ["serve", "--bind", "127.0.0.1:0", "--management", "127.0.0.1:0"];

    private readonly TempDirectory _directory = new();

    private string Packages => _directory.File("packages");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Tool_InstalledAsInReadme_KeepsWhatItAcknowledged()
    {
        var (pack, install) = Line("dotnet pack ");
        _directory.Write("nuget.config", "<configuration><packageSources><clear /></packageSources></configuration>");

        await SucceedsAsync(
            AsBuilt(pack).Replace("-o packages", $"-o {Packages} -p:PublishDir={_directory.File("made/")}", StringComparison.Ordinal),
            Repository.Root);
        await SucceedsAsync(
            install
                .Replace("--global", $"--tool-path {_directory.File("tools")}", StringComparison.Ordinal)
                .Replace("--add-source packages", $"--add-source {Packages}", StringComparison.Ordinal),
            _directory.Path);

        Directory.GetFiles(Packages).ShouldHaveSingleItem();
        await SaysItsVersionAsync(_directory.File("tools/cassini"));
        await using (var cassini = Start(Serve))
        {
            var broker = await BrokerAsync(cassini);
            (await RunAsync("pub", "greetings/world", "hello", "--retain", "--qos", "1", "--broker", broker)).ShouldBeEmpty();
            cassini.Signal(Kill);
            await cassini.ExitCodeAsync("it is killed");
        }

        await using var again = Start(Serve);
        (await RunAsync("sub", "greetings/#", "--count", "1", "--broker", await BrokerAsync(again))).ShouldBe("greetings/world hello");
    }

    [Fact]
    public async Task Publish_AsInReadme_IsAProgram()
    {
        var (publish, run) = Line("dotnet publish ");

        await SucceedsAsync(
            AsBuilt(publish).Replace("-o publish", $"-o {_directory.File("publish")}", StringComparison.Ordinal), Repository.Root);

        run.ShouldBe("publish/cassini --version");
        await SaysItsVersionAsync(_directory.File("publish/cassini"));
    }

    private async Task SaysItsVersionAsync(string program)
    {
        await using var child = ChildProcess.Start(program, ["--version"], _directory.Path, Home());
        (await child.ExitCodeAsync("it says its version")).ShouldBe(0, child.Error.ToString());
        child.Out.Lines.ShouldHaveSingleItem().ShouldStartWith("cassini 0.");
    }

    private ChildProcess Start(params string[] args) =>
        ChildProcess.Start(_directory.File("tools/cassini"), args, _directory.Path, Home());

    private async Task<string> RunAsync(params string[] args)
    {
        await using var child = Start(args);
        (await child.ExitCodeAsync(args[0])).ShouldBe(0, child.Error.ToString());
        return child.Out.ToString();
    }

    private static async Task<string> BrokerAsync(ChildProcess cassini)
    {
        var line = await cassini.Out.LineAsync("the start-up text", line => line.StartsWith("  broker", StringComparison.Ordinal));
        return line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
    }

    private async Task SucceedsAsync(string command, string workingDirectory)
    {
        await using var child = ChildProcess.Paste(command, workingDirectory, Home());
        (await child.ExitCodeAsync(command, Patience)).ShouldBe(0, $"{child.Out} {child.Error}");
    }

    /// <summary>The two commands of the README's line that begins so.</summary>
    private static (string First, string Second) Line(string beginning)
    {
        var commands = Repository.Read("README.md").Split('\n')
            .Single(line => line.StartsWith($"$ {beginning}", StringComparison.Ordinal))[2..].Split(" && ");
        commands.Length.ShouldBe(2);
        return (commands[0], commands[1]);
    }

    /// <summary>The command with what is built already.</summary>
    private static string AsBuilt(string command) => $"{command} --no-build -c {new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name}";

    private IEnumerable<(string Name, string Value)> Home() =>
    [
        ("HOME", _directory.Path),
        ("XDG_DATA_HOME", _directory.Path),
        ("DOTNET_CLI_HOME", _directory.Path),
        ("NUGET_PACKAGES", _directory.File("cache")),
        ("DOTNET_ROOT", Path.GetFullPath("../../..", RuntimeEnvironment.GetRuntimeDirectory())),

        // Build servers would outlive the command, and with it hold the pipes that this test reads to their end.
        ("MSBUILDDISABLENODEREUSE", "1"),
        ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"),
        ("UseSharedCompilation", "false"),
    ];
}
