using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;

namespace Cassini.Harness.Results;

/// <summary>What the workers have reported of one test: the latest while it runs, the final counts after it. Any thread.</summary>
/// <param name="test">The test.</param>
/// <param name="orders">The orders of its workers.</param>
internal sealed class TestCounts(PlanTest test, IReadOnlyList<(IWorker Worker, LoadOrder Order)> orders)
{
    public PlanTest Test => test;

    public IEnumerable<(PlanProducer Plan, string Worker, ProducerCounts Counts)> Producers =>
        from order in orders
        from producer in order.Order.Producers
        orderby producer.Index
        select (producer, order.Worker.Name, ReportOf(order.Worker).Producers.GetValueOrDefault(producer.Index) ?? new ProducerCounts());

    public IEnumerable<(PlanSink Plan, string Worker, SinkCounts Counts)> Sinks =>
        from order in orders
        from sink in order.Order.Sinks
        orderby sink.Index
        select (sink, order.Worker.Name, ReportOf(order.Worker).Sinks.GetValueOrDefault(sink.Index) ?? new SinkCounts());

    /// <summary>Whether a sink has received everything that it can expect.</summary>
    public bool IsComplete(PlanSink sink, SinkCounts counts) =>
        (sink.Expect.AtLeast is not > 0 || counts.Satisfied is not null) && MissingOf(sink) == 0;

    /// <summary>
    /// How many messages the broker accepted from the producers that match, and the sink did not receive. The sinks of a shared
    /// subscription receive them together.
    /// </summary>
    public long MissingOf(PlanSink sink)
    {
        var received = Sinks
            .Where(other => other.Plan.Index == sink.Index || (PlanTopics.IsShared(sink.Topic) && other.Plan.Topic == sink.Topic))
            .SelectMany(other => other.Counts.Streams)
            .GroupBy(stream => stream.Producer)
            .ToDictionary(streams => streams.Key, streams => streams.Sum(stream => stream.Unique));

        // Each producer by itself: too many messages of one do not make up for the loss of another's.
        return Producers
            .Where(producer => PlanTopics.Matches(sink.Topic, producer.Plan.Topic))
            .Sum(producer => Math.Max(0, producer.Counts.Acknowledged - received.GetValueOrDefault(producer.Plan.Index)));
    }

    /// <summary>Counts messages of this test as foreign when the filter of the sink does not match their topic.</summary>
    public SinkCounts WithMisrouted(PlanSink sink, SinkCounts counts) => counts with
    {
        Foreign = counts.Foreign + counts.Streams
            .Where(stream => !test.Producers.Any(producer =>
                producer.Index == stream.Producer && PlanTopics.Matches(sink.Topic, producer.Topic)))
            .Sum(stream => stream.Unique),
    };

    // Until a worker has its order of this test, its report is that of an earlier one.
    private LoadReport ReportOf(IWorker worker) => worker.Report is var report && report.Test == test.Index ? report : LoadReport.Nothing;
}
