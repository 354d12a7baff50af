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
    public async Task Subscribers_ThatFail_StopTheRunWithTheirReason()
    {
        var report = await RunAsync(
            new ScriptedWorker(WorkerRole.Publisher),
            new ScriptedWorker(WorkerRole.Subscriber)
            {
                Starting = () => Task.FromException(new HarnessException("worker subscriber: out of memory")),
            });

        _stop.Cause.ShouldBe(new StopCause(Verdict.Error, "worker subscriber: out of memory"));
        report.State.ShouldBe(TestState.Stopped);
    }

    [Theory]
    [InlineData("publisher", "unexpected: System.InvalidOperationException: a defect")]
    [InlineData("subscriber", "worker subscriber: unexpected: System.InvalidOperationException: a defect")]
    public async Task Workers_WithADefect_StopTheRunAndLeaveAReport(string broken, string expected)
    {
        ScriptedWorker Worker(WorkerRole role) => new(role)
        {
            Starting = WordOf(role) == broken ? () => Task.FromException(new InvalidOperationException("a defect")) : null,
        };

        var report = await RunAsync(Worker(WorkerRole.Publisher), Worker(WorkerRole.Subscriber));

        _stop.Cause!.Verdict.ShouldBe(Verdict.Error);
        _stop.Cause.Message.ShouldStartWith(expected);
        report.State.ShouldBe(TestState.Stopped);
    }

    [Theory]
    [InlineData("publisher")]
    [InlineData("subscriber")]
    public async Task Workers_ThatFailToStop_StopTheRunAndLeaveAReport(string broken)
    {
        var areStopped = 0;
        ScriptedWorker Worker(WorkerRole role) => new(role)
        {
            Starting = role == WorkerRole.Publisher ? () => Task.CompletedTask : null,
            Stopping = () =>
            {
                areStopped++;
                return WordOf(role) == broken ? throw new InvalidOperationException("a defect") : Task.CompletedTask;
            },
        };

        var report = await RunAsync(Worker(WorkerRole.Publisher), Worker(WorkerRole.Subscriber));

        _stop.Cause!.Verdict.ShouldBe(Verdict.Error);
        _stop.Cause.Message.ShouldStartWith(
            $"worker {broken} did not stop: unexpected: System.InvalidOperationException: a defect");
        areStopped.ShouldBe(2);
        report.State.ShouldBe(TestState.Stopped);
        report.Subscribers.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Messages_Misrouted_AreForeignInTheReportAsInTheExpectation()
    {
        var counts = new SubscriberCounts { Received = 3, Unique = 3, Streams = [new StreamCount(0, 0, 3)] };

        var report = await RunAsync(
            new ScriptedWorker(WorkerRole.Publisher) { Starting = () => Task.CompletedTask },
            new ScriptedWorker(WorkerRole.Subscriber)
            {
                Report = LoadReport.Nothing with { Test = 0, Subscribers = new Dictionary<int, SubscriberCounts> { [0] = counts } },
            },
            subscriberTopic: "elsewhere");

        var subscriber = report.Subscribers.ShouldHaveSingleItem();
        subscriber.Expectations.Single(result => result.Name == "allowForeign")
            .ShouldBe(new ExpectationResult("allowForeign", "no message foreign", "3", false));
        subscriber.Foreign.ShouldBe(3);
        report.State.ShouldBe(TestState.Failed);
    }

    [Fact]
    public async Task Report_OfATestThatEndsBeforeItsPublishersConnect_HasNoCountsOfAnEarlierTest()
    {
        var earlier = new LoadReport(
            41, new Dictionary<int, PublisherCounts> { [0] = new() { Sent = 7 } }, new Dictionary<int, SubscriberCounts>());

        var report = await RunAsync(
            new ScriptedWorker(WorkerRole.Publisher) { Report = earlier },
            new ScriptedWorker(WorkerRole.Subscriber) { Preparing = () => Task.FromException(new HarnessException("refused")) });

        report.State.ShouldBe(TestState.Stopped);
        report.Publishers.Select(publisher => publisher.Sent).ShouldBe([0, 0]);
    }

    private static string WordOf(WorkerRole role) => role.ToString().ToLowerInvariant();

    private async Task<TestReport> RunAsync(IWorker publisher, IWorker subscriber, string subscriberTopic = "t")
    {
        var plan = PlanText.Good(PlanText.With(
            $"{PlanText.Publisher}, {Elsewhere}",
            $$"""{ "name": "s", "topic": "{{subscriberTopic}}" }""", more: """ "settle": "1ms","""));
        var surroundings = new RunSurroundings(_stop, _guard, new FaultInjector(TimeProvider.System), _ => { }, TimeProvider.System);
        return await Eventually.CompletesAsync(
            "the test ends", new TestRun(plan, plan.Tests[0], new Crew([publisher], [subscriber]), surroundings).RunAsync());
    }
}
