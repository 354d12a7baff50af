using System.Text.Json;
using Cassini.Harness;
using Cassini.Harness.Verdicts;
using Cassini.Management.Http;

namespace Cassini.Tests.Harness;

/// <summary>Runs that inject faults, and runs that follow the health of a broker.</summary>
public class RunFaultTests
{
    [Fact]
    public async Task Run_FaultThatIsNeverInjected_IsAnError()
    {
        await using var rig = await HarnessRig.StartAsync();
        var code = await rig.RunAsync(rig.Plan(
            """{ "name": "p", "topic": "t", "messages": 5 }""", """{ "name": "s", "topic": "t" }""",
            test: """ "faults": [{ "at": "5m", "fault": "crash-manager" }], """));

        code.ShouldBe(2);
        $"{rig.Console.Out}\n{rig.Console.Error}".ShouldContain("the fault crash-manager at 300 s never came");
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

    [Fact]
    public async Task Run_BrokerBecomesUnhealthy_StopsWith5AndNamesBrokerStatusAndReason()
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
        report.GetProperty("tests")[0].GetProperty("subscribers")[0].GetProperty("unique").GetInt64().ShouldBeGreaterThan(0);
        report.GetProperty("health").EnumerateArray().Last().GetProperty("status").GetString().ShouldBe("error");
    }

    [Fact]
    public async Task Run_ToleratedFault_ReconnectsAndLosesNothing()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "3s", "keys": 3, "pattern": { "drip": { "idle": "2ms" } } }""",
            """{ "name": "s", "topic": "t", "expect": { "noLoss": true, "orderPerKey": true } }""",
            test: """
                "faults": [{ "at": "200ms", "fault": "crash-connection", "tolerate": "1h" },
                  { "at": "400ms", "fault": "crash-connection", "tolerate": "1h" },
                  { "at": "600ms", "fault": "crash-connection", "tolerate": "1h" }],
                """);

        var (code, report) = await rig.ReportAsync(plan);

        code.ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
        var test = report.GetProperty("tests")[0];
        test.GetProperty("faults").EnumerateArray()
            .ShouldAllBe(fault => fault.GetProperty("injectedSeconds").ValueKind == JsonValueKind.Number);
        new[] { "publishers", "subscribers" }
            .Sum(side => test.GetProperty(side)[0].GetProperty("reconnects").GetInt64()).ShouldBeGreaterThan(0);
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
        report.GetProperty("tests")[0].GetProperty("faults")[0].GetProperty("injectedSeconds").ValueKind
            .ShouldBe(JsonValueKind.Number);
    }

    [Theory]
    [InlineData("TimedOut", ExitCode.TimedOut)]
    [InlineData("BrokerUnhealthy", ExitCode.BrokerUnhealthy)]
    [InlineData("Error", ExitCode.Error)]
    public async Task Run_BrokerThatIsNotReady_SaysWhyAndBeginsNoTest(string ending, int expected)
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(PlanText.Publisher, "");
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
}
