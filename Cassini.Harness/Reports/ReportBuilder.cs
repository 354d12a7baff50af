using Cassini.Harness.Health;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Results;

namespace Cassini.Harness.Reports;

/// <summary>Makes the lines of a report from counts.</summary>
internal static class ReportBuilder
{
    public static PublisherLine Line(PlanPublisher publisher, string worker, PublisherCounts counts) => new()
    {
        Name = publisher.Name,
        Worker = worker,
        Broker = publisher.Broker,
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

    public static SubscriberLine Line(
        PlanSubscriber subscriber, string worker, SubscriberCounts counts, long missing,
        IReadOnlyList<ExpectationResult> expectations) => new()
        {
            Name = subscriber.Name,
            Worker = worker,
            Broker = subscriber.Broker,
            Received = counts.Received,
            Unique = counts.Unique,
            Duplicates = counts.Duplicates,
            Corrupt = counts.Corrupt,
            Foreign = counts.Foreign,
            OutOfOrder = counts.OutOfOrder,
            Missing = missing,
            Bytes = counts.Bytes,
            FirstSeconds = counts.First is { } first ? Seconds(first) : null,
            LastSeconds = counts.Last is { } last ? Seconds(last) : null,
            LongestGapSeconds = Seconds(counts.LongestGap),
            MessagesPerSecond = Rate(counts.Unique, (counts.Last - counts.First) ?? TimeSpan.Zero),
            Latency = counts.Latency,
            Reconnects = counts.Reconnects,
            LastError = counts.LastError,
            Expectations = expectations,
        };

    public static HealthLine Line(ConditionChange change) => new(
        Seconds(change.At),
        change.Condition.Broker,
        change.Condition.Status.ToString().ToLowerInvariant(),
        change.Condition.Ready,
        change.Condition.Why,
        change.Tolerated);

    public static FaultLine Line(PlanFault fault, TimeSpan? injected) => new(
        fault.Fault, fault.Endpoint, Seconds(fault.At), injected is { } at ? Seconds(at) : null, Seconds(fault.Tolerate),
        fault.Broker);

    public static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);

    private static double Rate(long count, TimeSpan time) => time > TimeSpan.Zero ? Math.Round(count / time.TotalSeconds, 1) : 0;
}
