using System.Collections.Concurrent;
using Cassini.Harness;
using Cassini.Management.Http;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Harness;

/// <summary>Plans and credentials that a run checks before it begins.</summary>
public sealed class RunSetupTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Run_BrokenPlan_Is65AndReportsEveryError()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan("""{ "name": "p", "topic": "#", "duration": "5x" }""", "");

        (await rig.RunAsync(plan)).ShouldBe(ExitCode.BrokenPlan);

        rig.Console.Error.Lines.Count.ShouldBe(2);
        rig.Console.Error.Lines[0].ShouldStartWith($"{plan}:4:");
    }

    [Fact]
    public async Task Run_PlanThatIsNotThere_Is65()
    {
        await using var rig = await HarnessRig.StartAsync();
        (await rig.RunAsync(rig.File("none.json"))).ShouldBe(ExitCode.BrokenPlan);
        rig.Console.Error.ToString().ShouldBe($"cassini: {rig.File("none.json")}: no such file");
    }

    [Fact]
    public async Task Run_PlanThatIsNone_SaysWhatItIs()
    {
        await using var rig = await HarnessRig.StartAsync();
        var directory = rig.File("");
        var empty = rig.File("empty.json");
        await File.WriteAllTextAsync(empty, "", TestContext.Current.CancellationToken);

        (await rig.RunAsync(directory)).ShouldBe(ExitCode.BrokenPlan);
        (await rig.RunAsync(empty)).ShouldBe(ExitCode.BrokenPlan);

        rig.Console.Error.Lines.ShouldBe(
            [$"cassini: {directory}: is a directory, not a file", $"{empty}:1:1: is not JSON: it is empty"]);
    }

    [Fact]
    public async Task Run_Check_RunsNothing()
    {
        await using var rig = await HarnessRig.StartAsync();
        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""), "--check")).ShouldBe(ExitCode.Ok);
        rig.Console.Out.Lines.Single().ShouldEndWith("plan.json: 1 test on 1 broker: nothing is wrong with it");
    }

    [Fact]
    public async Task Run_CheckWithFilesThatAreMissing_ReportsEachAtItsPlace()
    {
        await using var rig = await HarnessRig.StartAsync();
        File.Delete(rig.File("client.key"));
        File.Delete(rig.File("ca.pem"));
        Directory.CreateDirectory(rig.File("ca.pem"));
        var broker = rig.BrokerJson.TrimEnd().TrimEnd('}') + """, "tokenFile": "none/token" }""";
        var plan = rig.Write($$"""
            { "name": "p", "brokers": [{{broker}}],
              "tests": [{ "name": "t", "publishers": [{{PlanText.Publisher}}], "subscribers": [] }] }
            """);

        (await rig.RunAsync(plan, "--check")).ShouldBe(ExitCode.BrokenPlan);

        rig.Console.Out.Lines.ShouldBeEmpty();
        var problems = rig.Console.Error.Lines.ToList();
        problems.Count.ShouldBe(3);
        problems.ShouldAllBe(line => line.StartsWith($"{plan}:1:", StringComparison.Ordinal));
        string[] ends =
        [
            $"brokers[0].tls.ca: {rig.File("ca.pem")}: is a directory, not a file",
            $"brokers[0].tls.key: {rig.File("client.key")}: no such file",
            $"brokers[0].tokenFile: {rig.File("none/token")}: no such file",
        ];
        ends.ShouldAllBe(end => problems.Any(line => line.EndsWith(end, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_CertificateThatTheBrokerRefuses_Is2AndNamesTheBroker()
    {
        await using var rig = await HarnessRig.StartAsync();
        using var strange = new Tls.TestAuthority("Strange CA");
        strange.WriteClient(rig.Broker.Directory, strange.IssueClient("stranger"));

        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""))).ShouldBe(ExitCode.Error);

        rig.Console.Out.ToString().ShouldContain("error after");
        rig.Console.Out.ToString().ShouldContain("broker main at 127.0.0.1:");
    }

    [Fact]
    public async Task Run_CertificateBehindAnIntermediate_IsAcceptedByAManagementWithCredentials()
    {
        await using var rig = await HarnessRig.StartAsync(new ManagementOptions { Https = true, RequireCredentials = true });
        using var intermediate = rig.Broker.Authority.IssueIntermediate();
        intermediate.WriteClient(rig.Broker.Directory, intermediate.IssueClient("harness"));

        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""))).ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
    }

    [Fact]
    public async Task Run_WithoutToken_SaysWhatGivesOne()
    {
        await using var rig = await WithTokenAsync("secret");

        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""))).ShouldBe(ExitCode.Error);

        var said = string.Join(' ', rig.Console.Out.ToString().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        said.ShouldContain("asks for credentials, and none were given (401 Unauthorized)");
        said.ShouldContain("give tokenFile of broker main, or, in a plan with one broker, CASSINI_MANAGEMENT_TOKEN_FILE");
    }

    [Fact]
    public async Task Run_TokenFileOfTheEnvironment_IsUsed()
    {
        await using var rig = await WithTokenAsync("secret");
        await File.WriteAllTextAsync(rig.File("mine"), "secret", TestContext.Current.CancellationToken);
        rig.Console.Environment["CASSINI_MANAGEMENT_TOKEN_FILE"] = rig.File("mine");

        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""))).ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
    }

    /// <summary>Whoever sets the variable names no host: with several brokers, one of them could be somebody else's.</summary>
    [Fact]
    public async Task Run_TokenFileOfTheEnvironmentAndSeveralBrokers_GoesToNone()
    {
        await using var rig = await HarnessRig.StartAsync();
        rig.Console.Environment["CASSINI_MANAGEMENT_TOKEN_FILE"] = _directory.Write("mine", "secret");
        var shown = new ConcurrentQueue<string?>();
        await using var server = await FakeManagement.StartAsync(context =>
        {
            shown.Enqueue(context.Request.Headers.Authorization);
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        var other = rig.BrokerJson.Replace(rig.Management.ToString(), server.Url, StringComparison.Ordinal);
        var another = other.Replace("main", "second", StringComparison.Ordinal);
        var test = $$"""{ "name": "orders", "broker": "main", "publishers": [{{PlanText.Publisher}}], "subscribers": [] }""";

        (await rig.RunAsync(rig.Write($$"""{ "name": "p", "brokers": [{{other}}, {{another}}], "tests": [{{test}}] }"""))).ShouldBe(
            ExitCode.Error, $"{rig.Console.Out}\n{rig.Console.Error}");

        shown.ShouldNotBeEmpty();
        shown.ShouldAllBe(authorization => authorization == null);
    }

    private async Task<HarnessRig> WithTokenAsync(string token) =>
        await HarnessRig.StartAsync(new ManagementOptions { RequireCredentials = true, TokenPath = _directory.Write("token", token) });

    [Fact]
    public async Task Run_KeyFileThatIsMissing_Is2AndNamesIt()
    {
        await using var rig = await HarnessRig.StartAsync();
        File.Delete(rig.File("client.key"));

        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""))).ShouldBe(ExitCode.Error);

        rig.Console.Out.ToString().ShouldContain($"{rig.File("client.key")}: no such file");
    }
}
