using Cassini.Harness.Clients;
using Cassini.Harness.Health;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Reports;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Views;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;

namespace Cassini.Harness;

/// <summary>Runs a plan: waits for brokers and workers, runs one test after another, and always ends with a report.</summary>
internal sealed class RunController(
    TestPlan plan, Func<PlanBroker, IBrokerHealth> healthOf, WorkerHub? hub, IRunView view, TimeProvider time)
{
    private readonly Dictionary<int, SendTimes> _sendTimes = [];

    public async Task<RunReport> RunAsync(CancellationToken interrupted)
    {
        var began = time.GetTimestamp();
        await using var stop = new RunStop();
        using var guard = new HealthGuard(plan.Allow, stop, time);
        var faults = new FaultInjector(time);
        await using var signal = interrupted.Register(() => stop.Now(Verdict.Interrupted, "interrupted"));
        guard.Changed += condition => view.Say(
            $"broker {condition.Broker} is {condition.Status.ToString().ToLowerInvariant()}"
            + (condition.Why.Length > 0 ? $": {condition.Why}" : ""));
        view.Failed += StopWithoutOutput;
        var tests = new List<TestReport>();
        IReadOnlyList<IWorker> workers = [];
        var brokers = new List<IBrokerHealth>();
        var losses = new List<CancellationTokenRegistration>();
        try
        {
            var identities = plan.Brokers.ToDictionary(broker => broker.Name, broker => broker.TlsFiles.Read());
            brokers.AddRange(plan.Brokers.Select(healthOf));
            await WaitForAllAsync(brokers, stop);
            for (var i = 0; i < brokers.Count; i++)
            {
                guard.Follow(plan.Brokers[i].Name, brokers[i]);
            }

            workers = hub?.Workers ?? [];
            await using var crew = new OwnedCrew(CrewOf(workers, broker => identities[broker.Name!]));
            losses.AddRange(workers.Select(worker => Watch(worker, stop)));
            using var limit = time.CreateTimer(
                _ => stop.Now(Verdict.TimedOut, $"the plan took longer than {DurationText.Seconds(plan.Timeout)}"),
                null, plan.Timeout, Timeout.InfiniteTimeSpan);
            var surroundings = new RunSurroundings(stop, guard, faults, view.Say, time);
            foreach (var test in plan.Tests)
            {
                if (stop.Cause is not null)
                {
                    break;
                }

                var run = new TestRun(plan, test, crew.Crew, surroundings);
                view.Begin(run.Counts);
                tests.Add(await run.RunAsync());
                await view.EndAsync();
            }

            await guard.RecoveredAsync(view.Say, stop.Token);
        }
        catch (ClientException exception)
        {
            stop.Now(Verdict.Error, exception.Message);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            // The stop has its cause.
        }
        catch (Exception exception)
        {
            // A defect ends the run, but the report is still made.
            stop.Now(Verdict.Error, $"unexpected: {exception}");
        }
        finally
        {
            guard.Dispose();
            losses.ForEach(loss => loss.Dispose());
            foreach (var broker in brokers)
            {
                await broker.DisposeAsync();
            }

            view.Failed -= StopWithoutOutput;
        }

        void StopWithoutOutput(IOException failure) => stop.Now(Verdict.Error, $"the output cannot be written: {failure.Message}");

        return Report(tests, guard, workers, stop.Cause, time.GetElapsedTime(began));
    }

    private async Task WaitForAllAsync(List<IBrokerHealth> brokers, RunStop stop)
    {
        view.Say($"waiting for {string.Join(", ", plan.Brokers.Select(broker => broker.Name))}");
        var waits = brokers.Select(broker => broker.WaitUntilReadyAsync(plan.ReadyTimeout, stop.Token)).ToList();
        if (hub is not null)
        {
            waits.Add(hub.AllJoinedAsync(plan.ReadyTimeout, view.Say, stop.Token));
        }

        await Task.WhenAll(waits.Select(wait => StopAtFailureAsync(wait, stop)));
        stop.Token.ThrowIfCancellationRequested();
        view.Say("all brokers are ready");
    }

    /// <summary>Stops the run, and with it the other waits, when one of them fails.</summary>
    private static async Task StopAtFailureAsync(Task wait, RunStop stop)
    {
        try
        {
            await wait;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            // The stop has its cause.
        }
        catch (HarnessException exception)
        {
            stop.Now(exception.Verdict, exception.Message);
        }
        catch (Exception defect)
        {
            stop.Now(Verdict.Error, $"unexpected: {defect}");
        }
    }

    private Crew CrewOf(IReadOnlyList<IWorker> remote, Func<BrokerAddress, TlsIdentity> identityOf)
    {
        IReadOnlyList<IWorker> Of(WorkerRole role)
        {
            var joined = remote.Where(worker => worker.Role == role).ToList();
            return joined.Count > 0 ? joined : [new LocalWorker(role, identityOf, SendTimesOf, time)];
        }

        return new Crew(Of(WorkerRole.Publisher), Of(WorkerRole.Subscriber));
    }

    private SendTimes SendTimesOf(int test)
    {
        lock (_sendTimes)
        {
            if (!_sendTimes.TryGetValue(test, out var times))
            {
                _sendTimes.Clear(); // Tests run one after another.
                _sendTimes[test] = times = new SendTimes();
            }

            return times;
        }
    }

    private static CancellationTokenRegistration Watch(IWorker worker, RunStop stop) => worker.Lost.Register(() => stop.Now(
        Verdict.WorkerLost, $"worker {worker.Name} ({worker.Role.ToString().ToLowerInvariant()}) is lost: {worker.LostBecause}"));

    private RunReport Report(List<TestReport> tests, HealthGuard guard, IReadOnlyList<IWorker> workers, StopCause? cause, TimeSpan elapsed)
    {
        var failed = tests.Where(test => test.State == TestState.Failed).Select(test => test.Name).ToList();
        var verdict = cause?.Verdict ?? (failed.Count > 0 ? Verdict.ExpectationFailed : Verdict.Passed);
        return new RunReport
        {
            Plan = plan.Name,
            Seed = plan.Seed,
            Verdict = verdict,
            Message = cause?.Message ?? (failed.Count > 0 ? string.Join(", ", failed) : null),
            ExitCode = Harness.ExitCode.Of(verdict),
            Seconds = ReportBuilder.Seconds(elapsed),
            Tests = [.. tests, .. plan.Tests.Skip(tests.Count).Select(Skipped)],
            Health = [.. guard.Transitions.Select(ReportBuilder.Line)],
            Workers = [.. workers.Select(worker =>
                new WorkerLine(worker.Name, worker.Role.ToString().ToLowerInvariant(), worker.LostBecause))],
        };
    }

    private static TestReport Skipped(PlanTest test) => new() { Name = test.Name, Broker = test.Broker, State = TestState.Skipped };

    /// <summary>Ends the workers of this process; the hub ends the others.</summary>
    private sealed class OwnedCrew(Crew crew) : IAsyncDisposable
    {
        public Crew Crew => crew;

        public async ValueTask DisposeAsync()
        {
            foreach (var local in crew.All.OfType<LocalWorker>())
            {
                await local.DisposeAsync();
            }
        }
    }
}
