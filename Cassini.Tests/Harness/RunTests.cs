using System.Text.Json;
using System.Xml.Linq;
using Cassini.Harness;
using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Harness;

/// <summary>Plans against a real broker over mutual TLS.</summary>
public class RunTests
{
    private const string All = """
        "noDuplicates": true, "noCorruption": true, "orderPerKey": true, "maxGap": "30s", "noLoss": true
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
            { "name": "q", "topic": "orders/old", "messages": 20, "messageSize": 100, "qos": {{qos}},
              "payload": { "fixed": "again and " }, "pattern": { "drip": { "idle": "1ms" } } }
            """,
            $$"""
            { "name": "all", "topic": "orders/+", "qos": {{qos}}, "expect": { "atLeast": 2020, "within": "50s", {{All}} } },
            { "name": "half", "topic": "$share/g/orders/new", "qos": {{qos}}, "expect": { "noLoss": true } },
            { "name": "other half", "topic": "$share/g/orders/new", "qos": {{qos}}, "expect": { "noLoss": true } }
            """));

        code.ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");
        report.GetProperty("verdict").GetString().ShouldBe("passed");
        var test = report.GetProperty("tests")[0];
        test.GetProperty("publishers")[0].GetProperty("acknowledged").GetInt64().ShouldBe(2000);
        var subscribers = test.GetProperty("subscribers");
        subscribers[0].GetProperty("unique").GetInt64().ShouldBe(2020);
        subscribers[0].GetProperty("latency").GetProperty("samples").GetInt64().ShouldBe(2020);
        (subscribers[1].GetProperty("unique").GetInt64() + subscribers[2].GetProperty("unique").GetInt64()).ShouldBe(2000);
        rig.Console.Out.ToString().ShouldContain("passed after");
    }

    // A second run would find the queues of the first, and a broker that many people rehearse against would fill up.
    [Fact]
    public async Task Run_Twice_LeavesNothingOnTheBroker()
    {
        await using var rig = await HarnessRig.StartAsync();
        var broker = rig.Broker.Mqtt.Broker;
        var plan = rig.Plan(
            """
            { "name": "p", "topic": "a", "messages": 200, "qos": 1 }, { "name": "q", "topic": "b", "messages": 200, "qos": 2 }
            """,
            """
            { "name": "s", "topic": "a", "qos": 1, "expect": { "noLoss": true } },
            { "name": "t", "topic": "b", "qos": 2, "expect": { "noLoss": true } }
            """);
        for (var run = 0; run < 2; run++)
        {
            (await rig.RunAsync(plan)).ShouldBe(ExitCode.Ok, $"{rig.Console.Out}\n{rig.Console.Error}");

            await Eventually.BecomesAsync(
                "nothing of it remains", () => broker.Statistics, statistics => statistics is
                {
                    Sessions: 0, OpenSessions: 0, Subscriptions: 0, QueuedMessages: 0,
                });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Run_MessagesThatTheBrokerRefuses_AreNeverAPass(int qos)
    {
        await using var rig = await HarnessRig.StartAsync();
        var (code, report) = await rig.ReportAsync(rig.Plan(
            $$"""{ "name": "p", "topic": "$SYS/forged", "messages": 20, "qos": {{qos}} }""",
            """{ "name": "s", "topic": "$SYS/forged", "expect": { "noLoss": true } }"""), "--junit", rig.File("report.xml"));

        code.ShouldBe(4, $"{rig.Console.Out}\n{rig.Console.Error}");
        report.GetProperty("tests")[0].GetProperty("publishers")[0].GetProperty("failed").GetInt64().ShouldBe(20);
        XDocument.Load(rig.File("report.xml")).Descendants("testcase").Single(test => test.Attribute("name")!.Value == "p: published")
            .Element("failure")!.Attribute("message")!.Value.ShouldContain("20 messages failed");
    }

    [Fact]
    public async Task Run_TwoTests_RunOneAfterAnother()
    {
        await using var rig = await HarnessRig.StartAsync();
        const string Test = """
            "publishers": [{ "name": "p", "topic": "t", "messages": 10 }],
            "subscribers": [{ "name": "s", "topic": "t", "expect": { "atLeast": 10, "noLoss": true } }]
            """;
        var plan = rig.Write($$"""
            { "name": "two", "brokers": [{{rig.BrokerJson}}], "tests": [{ "name": "first", {{Test}} }, { "name": "second", {{Test}} }] }
            """);

        (await rig.RunAsync(plan, "--junit", rig.File("report.xml"))).ShouldBe(ExitCode.Ok);

        var suites = XDocument.Load(rig.File("report.xml")).Root!;
        suites.Elements("testsuite").Select(suite => suite.Attribute("name")!.Value).ShouldBe(["first", "second", "run"]);
        suites.Descendants("testcase").Select(test => test.Attribute("name")!.Value)
            .ShouldContain("s: noLoss");
        suites.Descendants("testcase").Select(test => test.Attribute("name")!.Value).ShouldContain("health");
        suites.Attribute("failures")!.Value.ShouldBe("0");
    }

    [Fact]
    public async Task Run_ExpectationFails_Is4AndSaysWhatWasSeen()
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "messages": 10 }""",
            """{ "name": "s", "topic": "t", "expect": { "atLeast": 11 } }""",
            more: """ "settle": "100ms",""");

        var (code, report) = await rig.ReportAsync(plan, "--junit", rig.File("report.xml"));

        code.ShouldBe(ExitCode.ExpectationFailed);
        report.GetProperty("exitCode").GetInt32().ShouldBe(ExitCode.ExpectationFailed);
        rig.Console.Out.ToString().ShouldContain("failed orders, s: atLeast: expected at least 11; seen: 10");
        XDocument.Load(rig.File("report.xml")).Descendants("failure").Single().Attribute("message")!.Value
            .ShouldBe("expected at least 11; seen: 10");
    }

    [Theory]
    [InlineData("1ms", "0 s")] // While it still connects.
    [InlineData("200ms", "0.2 s")]
    public async Task Run_TestThatTakesTooLong_Is3(string timeout, string reported)
    {
        await using var rig = await HarnessRig.StartAsync();
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""",
            "",
            test: $""" "timeout": "{timeout}",""");

        (await rig.RunAsync(plan)).ShouldBe(ExitCode.TimedOut, rig.Console.Error.ToString());

        rig.Console.Out.ToString().ShouldContain("timed out after");
        rig.Console.Out.ToString().ShouldContain($"test orders took longer than {reported}");
    }

    [Fact]
    public async Task Run_BrokerNotReadyInTime_SaysOnceThatItTimedOut()
    {
        await using var rig = await HarnessRig.StartAsync();
        var unused = $"127.0.0.1:{FreePort.Find()}";
        var plan = rig.Plan(
            """{ "name": "p", "topic": "t", "duration": "1h", "pattern": { "drip": { "idle": "10ms" } } }""", "",
            more: "\"readyTimeout\": \"300ms\",");
        File.WriteAllText(plan, File.ReadAllText(plan).Replace(rig.Management.Authority, unused, StringComparison.Ordinal));

        (await rig.RunAsync(plan)).ShouldBe(ExitCode.TimedOut, rig.Console.Error.ToString());

        rig.Console.Out.Lines[^1].ShouldMatch($@"^timed out after [\d.]+ s: not ready within 0.3 s: http://{unused}: ");
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
        rig.Console.Out.Lines[^1].ShouldMatch(@"^interrupted after [\d.]+ s$");
    }

    [Fact]
    public async Task Run_Json_PrintsTheReportAlone()
    {
        await using var rig = await HarnessRig.StartAsync();
        (await rig.RunAsync(rig.Plan(PlanText.Publisher, ""), "--json")).ShouldBe(ExitCode.Ok);
        JsonDocument.Parse(rig.Console.Out.ToString()).RootElement.GetProperty("verdict").GetString().ShouldBe("passed");
        rig.Console.Error.ToString().ShouldContain("passed after");
    }
}
