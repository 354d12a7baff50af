using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Reports;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;

namespace Cassini.Harness;

/// <summary>One test from its first connection to its report.</summary>
internal sealed class TestRun
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly TestPlan _plan;
    private readonly PlanTest _test;
    private readonly RunSurroundings _run;
    private readonly IReadOnlyList<(IWorker Worker, LoadOrder Order)> _orders;
    private readonly TimeSpan?[] _injected;
    private long _began;
    private TimeSpan? _producersEnded;
    private Task _sinks = Task.CompletedTask;
    private Task _producers = Task.CompletedTask;

    public TestRun(TestPlan plan, PlanTest test, Crew crew, RunSurroundings run)
    {
        (_plan, _test, _run) = (plan, test, run);
        _orders = [.. crew.Deal(plan, test).Where(order => order.Order.Producers.Count + order.Order.Sinks.Count > 0)];
        _injected = new TimeSpan?[test.Faults.Count];
    }

    public PlanTest Plan => _test;

    /// <summary>Since its producers were let go; zero before.</summary>
    public TimeSpan Elapsed => _began == 0 ? TimeSpan.Zero : _run.Time.GetElapsedTime(_began);

    public IEnumerable<(PlanProducer Plan, string Worker, ProducerCounts Counts)> Producers =>
        from order in _orders
        from producer in order.Order.Producers
        let report = order.Worker.Report.Producers.FirstOrDefault(report => report.Index == producer.Index)
        orderby producer.Index
        select (producer, order.Worker.Name, report?.Counts ?? new ProducerCounts());

    public IEnumerable<(PlanSink Plan, string Worker, SinkReport Report)> Sinks =>
        from order in _orders
        from sink in order.Order.Sinks
        let report = order.Worker.Report.Sinks.FirstOrDefault(report => report.Index == sink.Index)
        orderby sink.Index
        select (sink, order.Worker.Name, report ?? new SinkReport(sink.Index, 0, null, new SinkCounts()));

    /// <summary>Runs the test. It never throws: a failure stops the run, with its cause.</summary>
    public async Task<TestReport> RunAsync()
    {
        using var timer = _test.Timeout is { } timeout
            ? _run.Time.CreateTimer(
                _ => _run.Stop.Now(Verdict.TimedOut, $"test {_test.Name} took longer than {DurationText.Seconds(timeout)}"),
                null,
                timeout,
                Timeout.InfiniteTimeSpan)
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
            _run.Stop.Now(Verdict.Error, exception.Message);
        }
        catch (Exception defect)
        {
            // It ends the run, and must not take this test's report with it.
            _run.Stop.Now(Verdict.Error, $"unexpected: {defect}");
        }

        await Task.WhenAll(_orders.Select(order => order.Worker.StopAsync()));
        await _sinks;
        await _producers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Awaited above, unless the run was stopped.
        return Report();
    }

    private async Task RunToEndAsync(CancellationToken stop)
    {
        await Task.WhenAll(
            _orders.Where(order => order.Order.Sinks.Count > 0).Select(order => order.Worker.PrepareAsync(order.Order, stop)));
        await Task.WhenAll(
            _orders.Where(order => order.Order.Producers.Count > 0).Select(order => order.Worker.PrepareAsync(order.Order, stop)));
        _sinks = Task.WhenAll(_orders.Where(order => order.Order.Sinks.Count > 0).Select(order => RunSinksAsync(order.Worker)));

        _began = _run.Time.GetTimestamp();
        _producers = Task.WhenAll(_orders.Where(order => order.Order.Producers.Count > 0).Select(order => order.Worker.Start()));
        using var noMoreFaults = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var faults = InjectAsync(noMoreFaults.Token);
        try
        {
            await _producers.WaitAsync(stop);
            _producersEnded = Elapsed;
        }
        finally
        {
            await noMoreFaults.CancelAsync();
            await faults;
        }

        await FaultsWereInjectedAsync(stop);
        await SinksEndAsync(stop);
    }

    /// <summary>Sinks run until their worker is stopped; before that, a failure of theirs ends the run.</summary>
    private async Task RunSinksAsync(IWorker worker)
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
            _run.Stop.Now(Verdict.Error, exception.Message);
        }
        catch (Exception defect)
        {
            _run.Stop.Now(Verdict.Error, $"worker {worker.Name}: unexpected: {defect}");
        }
    }

    /// <summary>Ends when every sink has what it is to have, or nothing came for as long as the plan says.</summary>
    private async Task SinksEndAsync(CancellationToken stop)
    {
        var seen = new Dictionary<int, long>();
        var since = new Dictionary<int, long>();
        while (true)
        {
            var isDone = true;
            foreach (var (sink, _, report) in Sinks.ToList())
            {
                if (!seen.TryGetValue(sink.Index, out var before) || before != report.Counts.Received)
                {
                    (seen[sink.Index], since[sink.Index]) = (report.Counts.Received, _run.Time.GetTimestamp());
                }

                isDone &= (IsSatisfied(sink, report.Counts) && MissingOf(sink) == 0)
                    || _run.Time.GetElapsedTime(since[sink.Index]) >= _plan.Settle;
            }

            if (isDone)
            {
                return;
            }

            await Task.Delay(Look, _run.Time, stop);
        }
    }

    private static bool IsSatisfied(PlanSink sink, SinkCounts counts) => sink.Expect.AtLeast is not > 0 || counts.Satisfied is not null;

    /// <summary>
    /// What the producers that match got through, and the sink lacks. The sinks of a shared subscription have it between them.
    /// </summary>
    private long MissingOf(PlanSink sink)
    {
        var came = Sinks
            .Where(other => other.Plan.Index == sink.Index || (PlanTopics.IsShared(sink.Topic) && other.Plan.Topic == sink.Topic))
            .SelectMany(other => other.Report.Counts.Streams)
            .GroupBy(stream => (int)stream.Producer)
            .ToDictionary(streams => streams.Key, streams => streams.Sum(stream => stream.Unique));

        // Producer by producer: what one brings too much does not make up for another's loss.
        return Producers
            .Where(producer => PlanTopics.Matches(sink.Topic, producer.Plan.Topic))
            .Sum(producer => Math.Max(0, producer.Counts.Acknowledged - came.GetValueOrDefault(producer.Plan.Index)));
    }

    /// <summary>Messages of this run that came to a sink whose filter does not match their topic.</summary>
    private long MisroutedTo(PlanSink sink, SinkCounts counts) => counts.Streams
        .Where(stream => !_test.Producers.Any(producer =>
            producer.Index == stream.Producer && PlanTopics.Matches(sink.Topic, producer.Topic)))
        .Sum(stream => stream.Unique);

    private async Task InjectAsync(CancellationToken cancellation)
    {
        var broker = _plan.BrokerOf(_test);
        try
        {
            for (var i = 0; i < _test.Faults.Count; i++)
            {
                var fault = _test.Faults[i];
                if (fault.At - Elapsed is var pause && pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, _run.Time, cancellation);
                }

                // Before the fault: its first consequence may be here before its answer.
                _run.Guard.Tolerate(broker.Name, fault.Tolerate);
                await _run.Faults.InjectAsync(broker, fault, cancellation);
                _injected[i] = Elapsed;
                _run.Say($"fault {fault.Fault} on broker {broker.Name}");
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The test ended before.
        }
        catch (HarnessException exception)
        {
            _run.Stop.Now(Verdict.Error, exception.Message);
        }
    }

    /// <summary>A fault that never came proves nothing; only what was broken is always undone.</summary>
    private async Task FaultsWereInjectedAsync(CancellationToken stop)
    {
        for (var i = 0; i < _test.Faults.Count; i++)
        {
            var fault = _test.Faults[i];
            if (_injected[i] is null && fault.Fault == "resume")
            {
                await _run.Faults.InjectAsync(_plan.BrokerOf(_test), fault, stop);
                _injected[i] = Elapsed;
            }
            else if (_injected[i] is null)
            {
                throw new HarnessException(
                    $"test {_test.Name}: the fault {fault.Fault} at {DurationText.Seconds(fault.At)} never came: "
                    + $"the producers had ended after {DurationText.Seconds(_producersEnded!.Value)}");
            }
        }
    }

    private TestReport Report()
    {
        var isStopped = _run.Stop.Cause is not null;
        var ended = _producersEnded ?? Elapsed;
        var sinks = Sinks.Select(sink =>
        {
            var missing = MissingOf(sink.Plan);
            var counts = sink.Report.Counts;
            counts = counts with { Foreign = counts.Foreign + MisroutedTo(sink.Plan, counts) };
            var results = isStopped ? [] : Expectations.Judge(sink.Plan, counts, missing, ended);
            return ReportBuilder.Line(sink.Plan, sink.Worker, sink.Report with { Counts = counts }, missing, results);
        }).ToList();
        return new TestReport
        {
            Name = _test.Name,
            Broker = _test.Broker,
            State = isStopped ? TestState.Stopped
                : sinks.All(sink => sink.Expectations.All(result => result.Passed))
                    && Producers.All(producer => producer.Counts.Failed == 0)
                    ? TestState.Passed
                : TestState.Failed,
            Seconds = ReportBuilder.Seconds(Elapsed),
            Producers = [.. Producers.Select(producer => ReportBuilder.Line(producer.Plan, producer.Worker, producer.Counts))],
            Sinks = sinks,
            Faults = [.. _test.Faults.Select((fault, i) => new FaultLine(
                fault.Fault,
                fault.Endpoint,
                ReportBuilder.Seconds(fault.At),
                _injected[i] is { } at ? ReportBuilder.Seconds(at) : null,
                ReportBuilder.Seconds(fault.Tolerate)))],
        };
    }
}
