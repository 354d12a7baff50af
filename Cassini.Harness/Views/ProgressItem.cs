using System.Globalization;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Results;

namespace Cassini.Harness.Views;

/// <summary>The progress of a producer or a sink.</summary>
/// <param name="Name">With an arrow that shows which of the two it is.</param>
/// <param name="Count">Messages.</param>
/// <param name="Part">The part that is done, 0 to 1.</param>
internal sealed record ProgressItem(string Name, long Count, double Part)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} {Count:#,0} ({Part * 100:0}%)");

    public static IReadOnlyList<ProgressItem> Of(TestCounts test)
    {
        var producers = test.Producers.ToList();
        return
        [
            .. producers.Select(producer => new ProgressItem(
                $"→ {producer.Plan.Name}", producer.Counts.Acknowledged, PartOf(producer.Plan, producer.Counts))),
            .. test.Sinks.Select(sink => new ProgressItem(
                $"← {sink.Plan.Name}", sink.Counts.Unique, PartOf(sink.Plan, sink.Counts, producers))),
        ];
    }

    private static double PartOf(PlanProducer producer, ProducerCounts counts)
    {
        var byMessages = producer.Messages is { } messages ? counts.Acknowledged / (double)messages : 0;
        var byTime = producer.Duration is { } duration ? counts.Elapsed / duration : 0;
        return Math.Clamp(Math.Max(byMessages, byTime), 0, 1);
    }

    /// <summary>A sink without an expected number of messages is as far as the slowest of its producers.</summary>
    private static double PartOf(
        PlanSink sink, SinkCounts counts, IEnumerable<(PlanProducer Plan, string Worker, ProducerCounts Counts)> producers)
    {
        var sources = producers.Where(producer => PlanTopics.Matches(sink.Topic, producer.Plan.Topic)).ToList();
        var due = sources.All(producer => producer.Plan.Duration is null) ? sources.Sum(producer => producer.Plan.Messages) : null;
        return (due ?? sink.Expect.AtLeast) is { } goal and > 0
            ? Math.Clamp(counts.Unique / (double)goal, 0, 1)
            : sources.Select(producer => PartOf(producer.Plan, producer.Counts)).DefaultIfEmpty(0).Min();
    }
}
