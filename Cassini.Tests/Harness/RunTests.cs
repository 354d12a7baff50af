using System.Xml.Linq;
using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Harness.Verdicts;
using Cassini.Management.Http;

namespace Cassini.Tests.Harness;

/// <summary>Plans against a real broker over mutual TLS.</summary>
public class RunTests
{
    private const string All = """
        "no_duplicates": true, "no_corruption": true, "order_per_key": true, "max_gap": "30s", "no_loss": true
        """;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Run_EverythingArrives_Passes(int qos)
    {
        await using var rig = await HarnessRig.StartAsync();
        var (code, report) = await rig.ReportAsync(rig.Plan(
            $$"""
            { "name": "p", "topic": "orders/new", "messages": 2000, "clients": 2, "keys": 4, "qos": {{qos}},
              "pattern": { "burst": { "size": 50, "idle": "5ms" } } },
            { "name": "q", "topic": "orders/old", "messages": 20, "message_size": 100, "qos": {{qos}},
              "payload": { "fixed": "again and " }, "pattern": { "drip": { "idle": "1ms" } } }
            """,
            $$"""
            { "name": "all", "topic": "orders/+", "qos": {{qos}}, "expect": { "at_least": 2020, "within": "50s", {{All}} } },
            { "name": "half", "topic": "$share/g/orders/new", "qos": {{qos}}, "expect": { "no_loss": true } },
            { "name": "other half", "topic": "$share/g/orders/new", "qos": {{qos}}, "expect": { "no_loss": true } }
            """));

        code.ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
        report.GetProperty("verdict").GetString().ShouldBe("passed");
        var test = report.GetProperty("tests")[0];
        test.GetProperty("producers")[0].GetProperty("acknowledged").GetInt64().ShouldBe(2000);
        var sinks = test.GetProperty("sinks");
        sinks[0].GetProperty("unique").GetInt64().ShouldBe(2020);
        sinks[0].GetProperty("latency").GetProperty("samples").GetInt64().ShouldBe(2020);
        (sinks[1].GetProperty("unique").GetInt64() + sinks[2].GetProperty("unique").GetInt64()).ShouldBe(2000);
        rig.Console.Out.ToString().ShouldContain("passed after");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Run_MessagesThatTheBrokerRefuses_AreNeverAPass(int qos)
    {
        await using var rig = await HarnessRig.StartAsync();
        var (code, report) = await rig.ReportAsync(rig.Plan(
            $$"""{ "name": "p", "topic": "$SYS/forged", "messages": 20, "qos": {{qos}} }""",
            """{ "name": "s", "topic": "$SYS/forged", "expect": { "no_loss": true } }"""), "--junit", rig.File("report.xml"));

        code.ShouldBe(4, $"{rig.Console.Out}\n{rig.Console.Error}");
        report.GetProperty("tests")[0].GetProperty("producers")[0].GetProperty("failed").GetInt64().ShouldBe(20);
        XDocument.Load(rig.File("report.xml")).Descendants("testcase").Single(test => test.Attribute("name")!.Value == "p: published")
            .Element("failure")!.Attribute("message")!.Value.ShouldContain("20 messages failed");
    }

    [Fact]
    public async Task Run_FaultThatNeverCame_IsAnError()
    {
        await using var rig = await HarnessRig.StartAsync();
        var code = await rig.RunAsync(rig.Plan(
            """{ "name": "p", "topic": "t", "messages": 5 }""", """{ "name": "s", "topic": "t" }""",
            test: """ "faults": [{ "at": "5m", "fault": "crash-manager" }], """));

        code.ShouldBe(2);
        $"{rig.Console.Out}\n{rig.Console.Error}".ShouldContain("the fault crash-manager at 300 s never came");
    }

    [Fact]
    public async Task Run_TwoTests_RunOneAfterAnother()
    {
        await using var rig = await HarnessRig.StartAsync();
        const string Test = """
            "producers": [{ "name": "p", "topic": "t", "messages": 10 }],
            "sinks": [{ "name": "s", "topic": "t", "expect": { "at_least": 10, "no_loss": true } }]
            """;
        var plan = rig.Write($$"""
            { "name": "two", "brokers": [{{rig.BrokerJson}}], "tests": [{ "name": "first", {{Test}} }, { "name": "second", {{Test}} }] }
            """);

        (await rig.RunAsync(plan, "--junit", rig.File("report.xml"))).ShouldBe(ExitCode.Ok);

        var suites = XDocument.Load(rig.File("report.xml")).Root!;
        suites.Elements("testsuite").Select(suite => suite.Attribute("name")!.Value).ShouldBe(["first", "second", "run"]);
        suites.Descendants("testcase").Select(test => test.Attribute("name")!.Value)
            .ShouldContain("s: no_loss");
        suites.Descendants("testcase").Select(test => test.Attribute("name")!.Value).ShouldContain("health");
        suites.Attribute("failures")!.Value.ShouldBe("0");
    }

    [Fact]
    public async Task Run_ExpectationFails_Is4AndSaysWhatWasSeen()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "messages": 10 }""",
            """{ "name": "s", "topic": "t", "expect": { "at_least": 11 } }""",
            more: """ "settle": "100ms",""");

        var (code, report) = await rig.ReportAsync(plan, "--junit", rig.File("report.xml"));

        code.ShouldBe(ExitCode.ExpectationFailed);
        report.GetProperty("exitCode").GetInt32().ShouldBe(ExitCode.ExpectationFailed);
        rig.Console.Out.ToString().ShouldContain("failed orders, s: at_least: expected at least 11; seen: 10");
        XDocument.Load(rig.File("report.xml")).Descendants("failure").Single().Attribute("message")!.Value.ShouldBe(
            "expected at least 11; seen: 10");
    }

    [Fact]
    public async Task Run_BrokerTurnsIll_StopsAtOnceWith5AndNamesBrokerStatusAndReason()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""",
            """{ "name": "s", "topic": "t" }""",
            test: """ "faults": [{ "at": "100ms", "fault": "crash-manager" }],""");

        var (code, report) = await rig.ReportAsync(plan);

        code.ShouldBe(ExitCode.BrokerUnhealthy, rig.Console.Out.ToString());
        report.GetProperty("message").GetString().ShouldStartWith("broker main is error and the plan allows degraded: ");
        report.GetProperty("tests")[0].GetProperty("state").GetString().ShouldBe("stopped");
        report.GetProperty("tests")[0].GetProperty("sinks")[0].GetProperty("unique").GetInt64().ShouldBeGreaterThan(0);
        report.GetProperty("health").EnumerateArray().Last().GetProperty("status").GetString().ShouldBe("error");
    }

    [Fact]
    public async Task Run_ToleratedFault_ReconnectsAndLosesNothing()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "3s", "keys": 3, "pattern": { "drip": { "idle": "2ms" } } }""",
            """{ "name": "s", "topic": "t", "expect": { "no_loss": true, "order_per_key": true } }""",
            test: """
                "faults": [{ "at": "200ms", "fault": "crash-session", "tolerate": "1h" },
                  { "at": "400ms", "fault": "crash-session", "tolerate": "1h" },
                  { "at": "600ms", "fault": "crash-session", "tolerate": "1h" }],
                """);

        var (code, report) = await rig.ReportAsync(plan);

        code.ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
        var test = report.GetProperty("tests")[0];
        test.GetProperty("faults").EnumerateArray()
            .ShouldAllBe(fault => fault.GetProperty("injectedSeconds").ValueKind == System.Text.Json.JsonValueKind.Number);
        var reconnects = test.GetProperty("producers")[0].GetProperty("reconnects").GetInt64();
        (reconnects + test.GetProperty("sinks")[0].GetProperty("reconnects").GetInt64()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Run_ManagementOverHttpsOfAPrivateCa_IsFollowedAndFaulted()
    {
        await using var rig = await HarnessRig.StartAsync(new ManagementOptions { Https = true, EnableFaults = true });
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""", "",
            test: """ "faults": [{ "at": "0ms", "fault": "crash-manager" }],""");

        var (code, report) = await rig.ReportAsync(plan);

        code.ShouldBe(ExitCode.BrokerUnhealthy, rig.Console.Out.ToString());
        report.GetProperty("tests")[0].GetProperty("faults")[0].GetProperty("injectedSeconds").ValueKind.ShouldBe(
            System.Text.Json.JsonValueKind.Number);
    }

    [Fact]
    public async Task Run_CertificateBehindAnIntermediate_GetsIntoAManagementWithCredentials()
    {
        await using var rig = await HarnessRig.StartAsync(new ManagementOptions { Https = true, RequireCredentials = true });
        using var intermediate = rig.Broker.Authority.IssueIntermediate();
        intermediate.WriteClient(rig.Broker.Directory, intermediate.IssueClient("harness"));

        (await rig.RunAsync(rig.Plan(PlanText.Producer, ""))).ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
    }

    [Fact]
    public async Task Run_FaultThatTheBrokerRefuses_Is2AndSaysWhy()
    {
        await using var rig = await HarnessRig.StartAsync(enableFaults: false);
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""",
            "",
            test: """ "faults": [{ "at": "0ms", "fault": "crash-manager" }],""");

        (await rig.RunAsync(plan)).ShouldBe(ExitCode.Error);

        rig.Console.Out.ToString().ShouldContain("broker main, fault crash-manager: refused: 404 rehearsal is not enabled");
    }

    [Theory]
    [InlineData("1ms", "0 s")] // While it still connects.
    [InlineData("200ms", "0.2 s")]
    public async Task Run_TestThatTakesTooLong_Is3(string timeout, string told)
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""",
            "", test: $""" "timeout": "{timeout}",""");

        (await rig.RunAsync(plan)).ShouldBe(ExitCode.TimedOut, rig.Console.Error.ToString());

        rig.Console.Out.ToString().ShouldContain("timed out after");
        rig.Console.Out.ToString().ShouldContain($"test orders took longer than {told}");
    }

    [Theory]
    [InlineData("TimedOut", ExitCode.TimedOut)]
    [InlineData("BrokerUnhealthy", ExitCode.BrokerUnhealthy)]
    [InlineData("Error", ExitCode.Error)]
    public async Task Run_BrokerThatIsNotReady_SaysWhyAndBeginsNoTest(string ending, int expected)
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(PlanText.Producer, "");
        var verdict = Enum.Parse<Verdict>(ending);

        var code = await rig.RunAsync(
            _ => new ScriptedHealth
            {
                Ready = (_, _) => Task.FromException(new HarnessException("broker main: canary NoEvidence", verdict)),
            },
            plan);

        code.ShouldBe(expected);
        rig.Console.Out.ToString().ShouldContain("broker main: canary NoEvidence");
        rig.Console.Out.ToString().ShouldContain("not begun: orders");
    }

    [Fact]
    public async Task Run_Interrupted_Is130WithAReport()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""",
            """{ "name": "s", "topic": "t" }""");
        var run = rig.ReportAsync(plan);
        await rig.Console.Out.LineAsync("the test begins", line => line.Contains("test orders begins", StringComparison.Ordinal));

        await rig.Console.InterruptAsync();

        var (code, report) = await run;
        code.ShouldBe(ExitCode.Interrupted);
        report.GetProperty("verdict").GetString().ShouldBe("interrupted");
    }

    [Fact]
    public async Task Run_BrokenPlan_Is65AndTellsEveryError()
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
    public async Task Run_Check_RunsNothing()
    {
        await using var rig = await HarnessRig.StartAsync();
        (await rig.RunAsync(rig.Plan(PlanText.Producer, ""), "--check")).ShouldBe(ExitCode.Ok);
        rig.Console.Out.Lines.Single().ShouldEndWith("plan.json: 1 test on 1 broker: nothing is wrong with it");
    }

    [Fact]
    public async Task Run_Json_PrintsTheReportAlone()
    {
        await using var rig = await HarnessRig.StartAsync();
        (await rig.RunAsync(rig.Plan(PlanText.Producer, ""), "--json")).ShouldBe(ExitCode.Ok);
        System.Text.Json.JsonDocument.Parse(rig.Console.Out.ToString()).RootElement.GetProperty("verdict").GetString().ShouldBe("passed");
        rig.Console.Error.ToString().ShouldContain("passed after");
    }

    [Fact]
    public async Task Run_CertificateThatTheBrokerRefuses_Is2AndNamesTheBroker()
    {
        await using var rig = await HarnessRig.StartAsync();
        using var stranger = new Tls.TestAuthority("Strange CA");
        stranger.WriteClient(rig.Broker.Directory, stranger.IssueClient("stranger"));

        (await rig.RunAsync(rig.Plan(PlanText.Producer, ""))).ShouldBe(ExitCode.Error);

        rig.Console.Out.ToString().ShouldContain("error after");
        rig.Console.Out.ToString().ShouldContain("broker main at 127.0.0.1:");
    }

    [Fact]
    public async Task Run_KeyFileThatIsMissing_Is2AndNamesIt()
    {
        await using var rig = await HarnessRig.StartAsync();
        File.Delete(rig.File("client.key"));

        (await rig.RunAsync(rig.Plan(PlanText.Producer, ""))).ShouldBe(ExitCode.Error);

        rig.Console.Out.ToString().ShouldContain($"{rig.File("client.key")}: no such file");
    }
}
