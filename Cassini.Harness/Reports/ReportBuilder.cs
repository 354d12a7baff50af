using Cassini.Harness.Health;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Reports;

/// <summary>From counts to the lines of a report.</summary>
internal static class ReportBuilder
{
    public static ProducerLine Line(PlanProducer producer, string worker, ProducerCounts counts) => new()
    {
        Name = producer.Name,
        Worker = worker,
        Sent = counts.Sent,
        Acknowledged = counts.Acknowledged,
        Failed = counts.Failed,
        Retransmitted = counts.Retransmitted,
        Reconnects = counts.Reconnects,
        Bytes = counts.Bytes,
        Seconds = Seconds(counts.Elapsed),
        MessagesPerSecond = Rate(counts.Acknowledged, counts.Elapsed),
        LastError = counts.LastError,
    };

    public static SinkLine Line(
        PlanSink sink, string worker, SinkReport report, long missing, IReadOnlyList<ExpectationResult> expectations) => new()
        {
            Name = sink.Name,
            Worker = worker,
            Received = report.Counts.Received,
            Unique = report.Counts.Unique,
            Duplicates = report.Counts.Duplicates,
            Corrupt = report.Counts.Corrupt,
            Foreign = report.Counts.Foreign,
            OutOfOrder = report.Counts.OutOfOrder,
            Missing = missing,
            Bytes = report.Counts.Bytes,
            FirstSeconds = report.Counts.First is { } first ? Seconds(first) : null,
            LastSeconds = report.Counts.Last is { } last ? Seconds(last) : null,
            LongestGapSeconds = Seconds(report.Counts.LongestGap),
            MessagesPerSecond = Rate(report.Counts.Unique, (report.Counts.Last - report.Counts.First) ?? TimeSpan.Zero),
            Latency = report.Counts.Latency,
            Reconnects = report.Reconnects,
            LastError = report.LastError,
            Expectations = expectations,
        };

    public static HealthLine Line(HealthTransition transition) => new(
        Seconds(transition.At),
        transition.Condition.Broker,
        transition.Condition.Status.ToString().ToLowerInvariant(),
        transition.Condition.Ready,
        transition.Condition.Why,
        transition.Tolerated);

    public static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);

    private static double Rate(long count, TimeSpan time) => time > TimeSpan.Zero ? Math.Round(count / time.TotalSeconds, 1) : 0;
}
