using System.Globalization;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Results;

namespace Cassini.Harness.Views;

/// <summary>The progress of a publisher or a subscriber.</summary>
/// <param name="Name">With an arrow that shows which of the two it is.</param>
/// <param name="Count">Messages.</param>
/// <param name="Part">The part that is done, 0 to 1.</param>
internal sealed record ProgressItem(string Name, long Count, double Part)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name} {Count:#,0} ({Part * 100:0}%)");

    public static IReadOnlyList<ProgressItem> Of(TestCounts test)
    {
        var publishers = test.Publishers.ToList();
        return
        [
            .. publishers.Select(publisher => new ProgressItem(
                $"→ {publisher.Plan.Name}", publisher.Counts.Acknowledged, PartOf(publisher.Plan, publisher.Counts))),
            .. test.Subscribers.Select(subscriber => new ProgressItem(
                $"← {subscriber.Plan.Name}", subscriber.Counts.Unique, PartOf(subscriber.Plan, subscriber.Counts, publishers))),
        ];
    }

    private static double PartOf(PlanPublisher publisher, PublisherCounts counts)
    {
        var byMessages = publisher.Messages is { } messages ? counts.Acknowledged / (double)messages : 0;
        var byTime = publisher.Duration is { } duration ? counts.Elapsed / duration : 0;
        return Math.Clamp(Math.Max(byMessages, byTime), 0, 1);
    }

    /// <summary>A subscriber without an expected number of messages is as far as the slowest of its publishers.</summary>
    private static double PartOf(
        PlanSubscriber subscriber, SubscriberCounts counts,
        IEnumerable<(PlanPublisher Plan, string Worker, PublisherCounts Counts)> publishers)
    {
        var sources = publishers.Where(publisher => PlanTopics.Matches(subscriber.Topic, publisher.Plan.Topic)).ToList();
        var due = sources.All(publisher => publisher.Plan.Duration is null) ? sources.Sum(publisher => publisher.Plan.Messages) : null;
        return (due ?? subscriber.Expect.AtLeast) is { } goal and > 0
            ? Math.Clamp(counts.Unique / (double)goal, 0, 1)
            : sources.Select(publisher => PartOf(publisher.Plan, publisher.Counts)).DefaultIfEmpty(0).Min();
    }
}
