using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Docs.Controllers;

/// <summary>The recipes of docs/use/controllers.md, run as they stand there: each blocks at first, and then goes on.</summary>
[StartsExecutable]
public class RecipeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Recipes_OfThePage_AreAllRunHere() =>
        Recipe.Names.ShouldBe(["curl", "shell", "kubernetes", "github-actions", "systemd", "python", "page", "node"]);

    [Fact]
    public async Task Curl_BrokerThatIsNotReady_BlocksAndGoesOn()
    {
        Programs.Require("curl");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        await using var child = await cassini.BlocksAsync("/bin/sh", ["-c", cassini.Adapt(Recipe.Named("curl"))]);

        await cassini.BecomeReadyAsync();

        (await child.ExitCodeAsync("it goes on", Patience)).ShouldBe(0, child.Error.ToString());
        child.Out.Lines.ShouldBe(["ready"]);
    }

    [Fact]
    public async Task Kubernetes_ShellOfTheInitContainer_BlocksAndGoesOn()
    {
        Programs.Require("curl");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        var shell = Recipe.LiteralBlock(Recipe.Named("kubernetes"), "- |");
        await using var child = await cassini.BlocksAsync("/bin/sh", ["-c", shell], ("CASSINI_URL", cassini.Door.Url));

        await cassini.BecomeReadyAsync();

        (await child.ExitCodeAsync("it goes on", Patience)).ShouldBe(0, child.Error.ToString());
        child.Out.Lines[^1].ShouldBe("ready");
    }

    [Fact]
    public void Kubernetes_Manifest_IsAPodWhoseInitContainerRunsTheShell()
    {
        var lines = Recipe.Named("kubernetes").TrimEnd().Split('\n');
        lines.ShouldAllBe(line => !line.Contains('\t', StringComparison.Ordinal) && (line.Length - line.TrimStart().Length) % 2 == 0);
        lines.Take(2).ShouldBe(["apiVersion: v1", "kind: Pod"]);
        var spec = lines.SkipWhile(line => line != "spec:").ToList();
        spec.Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] is not (' ' or '-'))
            .ShouldBe(["  initContainers:", "  containers:"]);
        spec.SkipWhile(line => line != "      command:").Skip(1).Take(3).Select(line => line.Trim()).ShouldBe(["- sh", "- -c", "- |"]);
        spec.ShouldContain("        - name: CASSINI_URL");
    }

    [Fact]
    public async Task GitHubActions_Step_BlocksAndGoesOn()
    {
        Programs.Require("curl");
        var bash = Programs.Require("bash");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        var step = cassini.Adapt(Recipe.LiteralBlock(Recipe.Named("github-actions"), "run: |"));
        var script = cassini.Directory.Write("step.sh", step);

        // As the runner runs a step without a shell of its own.
        await using var child = await cassini.BlocksAsync(bash, ["-e", script]);
        await cassini.BecomeReadyAsync();

        (await child.ExitCodeAsync("it goes on", Patience)).ShouldBe(0, child.Error.ToString());
        child.Out.Lines.ShouldBe(["ready"]);
    }

    [Fact]
    public async Task Systemd_StartPre_BlocksAndGoesOn()
    {
        Programs.Require("curl");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        var command = Recipe.Named("systemd").Split('\n')
            .Single(line => line.StartsWith("ExecStartPre=", StringComparison.Ordinal))["ExecStartPre=".Length..];
        command.ShouldNotContain("%"); // A specifier would need another one to stand for itself.
        var words = cassini.Adapt(command).Split(' ');

        await using var child = await cassini.BlocksAsync(words[0], words[1..]);
        await cassini.BecomeReadyAsync();

        (await child.ExitCodeAsync("it goes on", Patience)).ShouldBe(0, child.Error.ToString());
    }

    [Fact]
    public async Task Systemd_Unit_IsVerified()
    {
        var verify = Programs.Require("systemd-analyze");
        using var directory = new TempDirectory();
        var dispatch = directory.Write("dispatch", "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(dispatch, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        // What a machine of a test has not: the program that waits, and the unit that it waits for.
        directory.Write("cassini.service", $"[Service]\nExecStart={dispatch}\n");
        var unit = directory.Write(
            "dispatch.service", Recipe.Named("systemd").Replace("/usr/local/bin/dispatch", dispatch, StringComparison.Ordinal));

        await using var child = ChildProcess.Start(
            verify, ["verify", "--recursive-errors=no", unit], directory.Path, ("SYSTEMD_UNIT_PATH", $"{directory.Path}:"));

        (await child.ExitCodeAsync("it is verified", Patience)).ShouldBe(0, child.Error.ToString());
        child.Error.ToString().ShouldNotContain("dispatch.service:");
    }

    [Fact]
    public async Task Shell_OnTheFeed_BlocksThenActsOnTransitionsAndStopsAtError()
    {
        Programs.Require("curl");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        await using var child = await cassini.BlocksAsync("/bin/sh", ["-c", cassini.Adapt(Recipe.Named("shell"))]);
        await FollowsToTheErrorAsync(cassini, child);

        child.Out.Lines.ShouldContain("bind is error");
    }

    [Fact]
    public async Task Shell_BrokerThatStops_EndsToo()
    {
        Programs.Require("curl");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        await using var child = await cassini.BlocksAsync("/bin/sh", ["-c", cassini.Adapt(Recipe.Named("shell"))]);
        await FollowsAsync(cassini, child);

        await cassini.StopAsync();

        (await child.ExitCodeAsync("it ends", Patience)).ShouldBe(2);
        child.Out.Lines[^1].ShouldBe("phase is error");
    }

    [Fact]
    public async Task Python_Controller_BlocksThenResumesAndEndsAtError()
    {
        var python = Programs.Require("python3");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        var script = cassini.Directory.Write("controller.py", cassini.Adapt(Recipe.Named("python")));
        await using var child = await cassini.BlocksAsync(python, [script]);
        await ResumesAsync(cassini, child);
        await BreaksAsync(cassini, child);

        child.Out.Lines[^1].ShouldStartWith("bind is error EndpointClosed");
    }

    [Fact]
    public async Task Node_Controller_BlocksThenResumesAndEndsAtError()
    {
        var node = Programs.Require("node");
        await using var cassini = await RehearsedCassini.NotReadyAsync();
        var script = cassini.Directory.Write("controller.mjs", cassini.Adapt(Recipe.Named("node")));
        await using var child = await cassini.BlocksAsync(node, [script]);
        await ResumesAsync(cassini, child);
        await BreaksAsync(cassini, child);

        child.Out.Lines[^1].ShouldBe("bind is error EndpointClosed");
    }

    /// <summary>It becomes ready, and the recipe follows the feed of a Cassini with which all is well.</summary>
    private static async Task FollowsAsync(RehearsedCassini cassini, ChildProcess child)
    {
        await cassini.BecomeReadyAsync();
        await child.Out.LineAsync("it goes on", line => line == "ready", Patience);
        await child.Out.LineAsync("the feed begins", IsBeginningOfFeed, Patience);
        await cassini.IsWellAsync();
    }

    private static async Task FollowsToTheErrorAsync(RehearsedCassini cassini, ChildProcess child)
    {
        await FollowsAsync(cassini, child);
        await BreaksAsync(cassini, child);
    }

    private static async Task BreaksAsync(RehearsedCassini cassini, ChildProcess child)
    {
        await cassini.BreakAsync();
        (await child.ExitCodeAsync("it ends", Patience)).ShouldBe(2, child.Error.ToString());
    }

    /// <summary>Cut in the middle, it comes back with the id of what it saw last.</summary>
    private static async Task ResumesAsync(RehearsedCassini cassini, ChildProcess child)
    {
        await FollowsAsync(cassini, child);
        cassini.Door.CutFeeds();

        await cassini.Door.AskedAsync("it resumes", request => request is { Path: "/events?types=health", LastEventId: not null });
        await Eventually.HoldsAsync("the feed goes on", () => child.Out.Lines.Count(IsBeginningOfFeed) == 2, Patience);
    }

    private static bool IsBeginningOfFeed(string line) => line.StartsWith("following", StringComparison.Ordinal);
}
