using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Reports;
using Cassini.Harness.Results;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;

namespace Cassini.Harness;

/// <summary>One test, from its first connection to its report.</summary>
internal sealed class TestRun
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly TestPlan _plan;
    private readonly PlanTest _test;
    private readonly RunSurroundings _run;
    private readonly IReadOnlyList<(IWorker Worker, LoadOrder Order)> _producing;
    private readonly IReadOnlyList<(IWorker Worker, LoadOrder Order)> _receiving;
    private readonly TimeSpan?[] _injected;
    private long _began;
    private TimeSpan? _publishersEnded;
    private Task _subscribers = Task.CompletedTask;
    private Task _publishers = Task.CompletedTask;

    public TestRun(TestPlan plan, PlanTest test, Crew crew, RunSurroundings run)
    {
        (_plan, _test, _run) = (plan, test, run);
        var orders = crew.Deal(plan, test);
        _producing = [.. orders.Where(order => order.Order.Publishers.Count > 0)];
        _receiving = [.. orders.Where(order => order.Order.Subscribers.Count > 0)];
        _injected = new TimeSpan?[test.Faults.Count];
        Counts = new TestCounts(test, orders);
    }

    /// <summary>The counts of the test while it runs.</summary>
    public TestCounts Counts { get; }

    /// <summary>The time since its publishers started; zero before.</summary>
    private TimeSpan Elapsed => _began == 0 ? TimeSpan.Zero : _run.Time.GetElapsedTime(_began);

    /// <summary>Runs the test. It never throws: a failure stops the run, with its cause.</summary>
    public async Task<TestReport> RunAsync()
    {
        using var timer = _test.Timeout is { } timeout
            ? _run.Time.CreateTimer(_ => StopLate(timeout), null, timeout, Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            await RunToEndAsync(_run.Stop.Token);
        }
        catch (OperationCanceledException) when (_run.Stop.Token.IsCancellationRequested)
        {
            // The stop has its cause.
        }
        catch (HarnessException exception)
        {
            _run.Stop.Now(exception.Verdict, exception.Message);
        }
        catch (Exception defect)
        {
            // It ends the run, but the report of this test is still made.
            _run.Stop.Now(Verdict.Error, $"unexpected: {defect}");
        }

        await Task.WhenAll(_receiving.Concat(_producing).Select(order => StopAsync(order.Worker)));
        await _subscribers;
        await _publishers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Awaited above, unless the run was stopped.
        return Report();
    }

    /// <summary>Stops a worker. The run ends if that fails, but its counts are reported.</summary>
    private async Task StopAsync(IWorker worker)
    {
        try
        {
            await worker.StopAsync();
        }
        catch (Exception defect)
        {
            _run.Stop.Now(Verdict.Error, $"worker {worker.Name} did not stop: unexpected: {defect}");
        }
    }

    private void StopLate(TimeSpan timeout) =>
        _run.Stop.Now(Verdict.TimedOut, $"test {_test.Name} took longer than {DurationText.Seconds(timeout)}");

    private async Task RunToEndAsync(CancellationToken stop)
    {
        await Task.WhenAll(_receiving.Select(order => order.Worker.PrepareAsync(order.Order, stop)));
        await Task.WhenAll(_producing.Select(order => order.Worker.PrepareAsync(order.Order, stop)));
        _subscribers = Task.WhenAll(_receiving.Select(order => RunSubscribersAsync(order.Worker)));

        _began = _run.Time.GetTimestamp();
        _publishers = Task.WhenAll(_producing.Select(order => order.Worker.Start()));
        using var noMoreFaults = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var faults = InjectAsync(noMoreFaults.Token);
        try
        {
            await _publishers.WaitAsync(stop);
            _publishersEnded = Elapsed;
        }
        finally
        {
            await noMoreFaults.CancelAsync();
            await faults;
        }

        await EndFaultsAsync();
        await SubscribersEndAsync(stop);
    }

    /// <summary>Subscribers run until their worker is stopped; before that, a failure of theirs ends the run.</summary>
    private async Task RunSubscribersAsync(IWorker worker)
    {
        try
        {
            await worker.Start();
        }
        catch (OperationCanceledException) when (worker.Lost.IsCancellationRequested)
        {
            // The loss is reported already.
        }
        catch (HarnessException exception)
        {
            _run.Stop.Now(exception.Verdict, exception.Message);
        }
        catch (Exception defect)
        {
            _run.Stop.Now(Verdict.Error, $"worker {worker.Name}: unexpected: {defect}");
        }
    }

    /// <summary>Ends when every subscriber has received everything, or nothing more for as long as the plan's settle time.</summary>
    private async Task SubscribersEndAsync(CancellationToken stop)
    {
        var seen = new Dictionary<int, (long Received, long At)>();
        while (true)
        {
            var isDone = true;
            foreach (var (subscriber, _, counts) in Counts.Subscribers.ToList())
            {
                if (!seen.TryGetValue(subscriber.Index, out var before) || before.Received != counts.Received)
                {
                    seen[subscriber.Index] = before = (counts.Received, _run.Time.GetTimestamp());
                }

                isDone &= Counts.IsComplete(subscriber, counts) || _run.Time.GetElapsedTime(before.At) >= _plan.Settle;
            }

            if (isDone)
            {
                return;
            }

            await Task.Delay(PollInterval, _run.Time, stop);
        }
    }

    private async Task InjectAsync(CancellationToken cancellation)
    {
        try
        {
            for (var i = 0; i < _test.Faults.Count; i++)
            {
                var fault = _test.Faults[i];
                var broker = _plan.BrokerOf(_test, fault.Broker);
                if (fault.At - Elapsed is var pause && pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, _run.Time, cancellation);
                }

                // Before the fault, because its first consequence may arrive before the answer to the request.
                foreach (var seen in _plan.Fleet ? _plan.Brokers : [broker])
                {
                    _run.Guard.Tolerate(seen.Name, fault.Tolerate);
                }

                await _run.Faults.InjectAsync(broker, fault);
                _injected[i] = Elapsed;
                _run.Say($"fault {fault.Fault} on broker {broker.Name}");
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The publishers ended first.
        }
        catch (HarnessException exception)
        {
            _run.Stop.Now(exception.Verdict, exception.Message);
        }
    }

    /// <summary>A test without one of its faults proves nothing. Only resume is made up for, because it undoes the faults before.</summary>
    private async Task EndFaultsAsync()
    {
        for (var i = 0; i < _test.Faults.Count; i++)
        {
            var fault = _test.Faults[i];
            if (_injected[i] is null && fault.Fault == "resume")
            {
                await _run.Faults.InjectAsync(_plan.BrokerOf(_test, fault.Broker), fault);
                _injected[i] = Elapsed;
            }
            else if (_injected[i] is null)
            {
                throw new HarnessException(
                    $"test {_test.Name}: the fault {fault.Fault} at {DurationText.Seconds(fault.At)} never came: "
                    + $"the publishers had ended after {DurationText.Seconds(_publishersEnded!.Value)}");
            }
        }
    }

    private TestReport Report()
    {
        var isStopped = _run.Stop.Cause is not null;
        var ended = _publishersEnded ?? Elapsed;
        var subscribers = Counts.Subscribers.Select(subscriber =>
        {
            var missing = Counts.MissingOf(subscriber.Plan);
            var counts = Counts.WithMisrouted(subscriber.Plan, subscriber.Counts);
            var results = isStopped ? [] : Expectations.Judge(subscriber.Plan, counts, missing, ended);
            return ReportBuilder.Line(subscriber.Plan, subscriber.Worker, counts, missing, results);
        }).ToList();
        var isPassed = subscribers.All(subscriber => subscriber.Expectations.All(result => result.Passed))
            && Counts.Publishers.All(publisher => publisher.Counts.Failed == 0);
        return new TestReport
        {
            Name = _test.Name,
            Broker = _test.Broker,
            State = isStopped ? TestState.Stopped : isPassed ? TestState.Passed : TestState.Failed,
            Seconds = ReportBuilder.Seconds(Elapsed),
            Publishers = [.. Counts.Publishers.Select(publisher => ReportBuilder.Line(publisher.Plan, publisher.Worker, publisher.Counts))],
            Subscribers = subscribers,
            Faults = [.. _test.Faults.Select((fault, i) => ReportBuilder.Line(fault, _injected[i]))],
        };
    }
}
