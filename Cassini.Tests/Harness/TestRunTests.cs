using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Harness.Load;
using Cassini.Harness.Reports;
using Cassini.Harness.Results;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Workers;
using Cassini.Streams.Events;
using Cassini.Tests.Support;

namespace Cassini.Tests.Harness;

public sealed class TestRunTests : IAsyncDisposable
{
    private const string Elsewhere = """{ "name": "q", "topic": "elsewhere", "messages": 10 }""";

    private readonly RunStop _stop = new();
    private readonly HealthGuard _guard;

    public TestRunTests() => _guard = new HealthGuard(HealthStatus.Degraded, _stop, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        _guard.Dispose();
        await _stop.DisposeAsync();
    }

    [Fact]
    public async Task Sinks_ThatFail_StopTheRunWithTheirReason()
    {
        var report = await RunAsync(
            new ScriptedWorker(WorkerRole.Producer),
            new ScriptedWorker(WorkerRole.Sink)
            {
                Starting = () => Task.FromException(new HarnessException("worker sink: out of memory")),
            });

        _stop.Cause.ShouldBe(new StopCause(Verdict.Error, "worker sink: out of memory"));
        report.State.ShouldBe(TestState.Stopped);
    }

    [Theory]
    [InlineData("producer", "unexpected: System.InvalidOperationException: a defect")]
    [InlineData("sink", "worker sink: unexpected: System.InvalidOperationException: a defect")]
    public async Task Workers_WithADefect_StopTheRunAndLeaveAReport(string broken, string expected)
    {
        ScriptedWorker Worker(WorkerRole role) => new(role)
        {
            Starting = WordOf(role) == broken ? () => Task.FromException(new InvalidOperationException("a defect")) : null,
        };

        var report = await RunAsync(Worker(WorkerRole.Producer), Worker(WorkerRole.Sink));

        _stop.Cause!.Verdict.ShouldBe(Verdict.Error);
        _stop.Cause.Message.ShouldStartWith(expected);
        report.State.ShouldBe(TestState.Stopped);
    }

    [Theory]
    [InlineData("producer")]
    [InlineData("sink")]
    public async Task Workers_ThatFailToStop_StopTheRunAndLeaveAReport(string broken)
    {
        var areStopped = 0;
        ScriptedWorker Worker(WorkerRole role) => new(role)
        {
            Starting = role == WorkerRole.Producer ? () => Task.CompletedTask : null,
            Stopping = () =>
            {
                areStopped++;
                return WordOf(role) == broken ? throw new InvalidOperationException("a defect") : Task.CompletedTask;
            },
        };

        var report = await RunAsync(Worker(WorkerRole.Producer), Worker(WorkerRole.Sink));

        _stop.Cause!.Verdict.ShouldBe(Verdict.Error);
        _stop.Cause.Message.ShouldStartWith(
            $"worker {broken} did not stop: unexpected: System.InvalidOperationException: a defect");
        areStopped.ShouldBe(2);
        report.State.ShouldBe(TestState.Stopped);
        report.Sinks.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Messages_Misrouted_AreForeignInTheReportAsInTheExpectation()
    {
        var counts = new SinkCounts { Received = 3, Unique = 3, Streams = [new StreamCount(0, 0, 3)] };

        var report = await RunAsync(
            new ScriptedWorker(WorkerRole.Producer) { Starting = () => Task.CompletedTask },
            new ScriptedWorker(WorkerRole.Sink)
            {
                Report = LoadReport.Nothing with { Test = 0, Sinks = new Dictionary<int, SinkCounts> { [0] = counts } },
            },
            sinkTopic: "elsewhere");

        var sink = report.Sinks.ShouldHaveSingleItem();
        sink.Expectations.Single(result => result.Name == "allow_foreign")
            .ShouldBe(new ExpectationResult("allow_foreign", "no message foreign", "3", false));
        sink.Foreign.ShouldBe(3);
        report.State.ShouldBe(TestState.Failed);
    }

    [Fact]
    public async Task Report_OfATestThatEndsBeforeItsProducersConnect_HasNoCountsOfAnEarlierTest()
    {
        var earlier = new LoadReport(
            41, new Dictionary<int, ProducerCounts> { [0] = new() { Sent = 7 } }, new Dictionary<int, SinkCounts>());

        var report = await RunAsync(
            new ScriptedWorker(WorkerRole.Producer) { Report = earlier },
            new ScriptedWorker(WorkerRole.Sink) { Preparing = () => Task.FromException(new HarnessException("refused")) });

        report.State.ShouldBe(TestState.Stopped);
        report.Producers.Select(producer => producer.Sent).ShouldBe([0, 0]);
    }

    private static string WordOf(WorkerRole role) => role.ToString().ToLowerInvariant();

    private async Task<TestReport> RunAsync(IWorker producer, IWorker sink, string sinkTopic = "t")
    {
        var plan = PlanText.Good(PlanText.With(
            $"{PlanText.Producer}, {Elsewhere}",
            $$"""{ "name": "s", "topic": "{{sinkTopic}}" }""", more: """ "settle": "1ms","""));
        var surroundings = new RunSurroundings(_stop, _guard, new FaultInjector(TimeProvider.System), _ => { }, TimeProvider.System);
        return await Eventually.CompletesAsync(
            "the test ends", new TestRun(plan, plan.Tests[0], new Crew([producer], [sink]), surroundings).RunAsync());
    }
}
