using System.Globalization;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Views;

/// <summary>How far a producer or a sink is.</summary>
/// <param name="Name">With an arrow that says which of the two it is.</param>
/// <param name="Count">Messages.</param>
/// <param name="Part">Of its end, 0 to 1.</param>
internal sealed record ProgressItem(string Name, long Count, double Part)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} {Count:#,0} ({Part * 100:0}%)");

    public static IReadOnlyList<ProgressItem> Of(TestRun run)
    {
        var producers = run.Producers.ToList();
        return
        [
            .. producers.Select(producer => new ProgressItem(
                $"→ {producer.Plan.Name}", producer.Counts.Acknowledged, PartOf(producer.Plan, producer.Counts))),
            .. run.Sinks.Select(sink => new ProgressItem(
                $"← {sink.Plan.Name}", sink.Report.Counts.Unique, PartOf(sink.Plan, sink.Report.Counts, producers))),
        ];
    }

    private static double PartOf(PlanProducer producer, ProducerCounts counts)
    {
        var byMessages = producer.Messages is { } messages ? counts.Acknowledged / (double)messages : 0;
        var byTime = producer.Duration is { } duration ? counts.Elapsed / duration : 0;
        return Math.Clamp(Math.Max(byMessages, byTime), 0, 1);
    }

    /// <summary>A sink that is to have no certain number is as far as the slowest producer that it hears.</summary>
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
