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

    public IEnumerable<(PlanPublisher Plan, string Worker, PublisherCounts Counts)> Publishers =>
        from order in orders
        from publisher in order.Order.Publishers
        orderby publisher.Index
        let counts = ReportOf(order.Worker).Publishers.GetValueOrDefault(publisher.Index)
        select (publisher, order.Worker.Name, counts ?? new PublisherCounts());

    public IEnumerable<(PlanSubscriber Plan, string Worker, SubscriberCounts Counts)> Subscribers =>
        from order in orders
        from subscriber in order.Order.Subscribers
        orderby subscriber.Index
        let counts = ReportOf(order.Worker).Subscribers.GetValueOrDefault(subscriber.Index)
        select (subscriber, order.Worker.Name, counts ?? new SubscriberCounts());

    /// <summary>Whether a subscriber has received everything that it can expect.</summary>
    public bool IsComplete(PlanSubscriber subscriber, SubscriberCounts counts) =>
        (subscriber.Expect.AtLeast is not > 0 || counts.Satisfied is not null) && MissingOf(subscriber) == 0;

    /// <summary>
    /// How many messages the broker accepted from the publishers that match, and the subscriber did not receive. The subscribers of a
    /// shared subscription receive them together.
    /// </summary>
    public long MissingOf(PlanSubscriber subscriber)
    {
        var received = Subscribers
            .Where(other => other.Plan.Index == subscriber.Index
                || (PlanTopics.IsShared(subscriber.Topic) && other.Plan.Topic == subscriber.Topic))
            .SelectMany(other => other.Counts.Streams)
            .GroupBy(stream => stream.Publisher)
            .ToDictionary(streams => streams.Key, streams => streams.Sum(stream => stream.Unique));

        // Each publisher by itself: too many messages of one do not make up for the loss of another's.
        return Publishers
            .Where(publisher => PlanTopics.Matches(subscriber.Topic, publisher.Plan.Topic))
            .Sum(publisher => Math.Max(0, publisher.Counts.Acknowledged - received.GetValueOrDefault(publisher.Plan.Index)));
    }

    /// <summary>Counts messages of this test as foreign when the filter of the subscriber does not match their topic.</summary>
    public SubscriberCounts WithMisrouted(PlanSubscriber subscriber, SubscriberCounts counts) => counts with
    {
        Foreign = counts.Foreign + counts.Streams
            .Where(stream => !test.Publishers.Any(publisher =>
                publisher.Index == stream.Publisher && PlanTopics.Matches(subscriber.Topic, publisher.Topic)))
            .Sum(stream => stream.Unique),
    };

    // Until a worker has its order of this test, its report is that of an earlier one.
    private LoadReport ReportOf(IWorker worker) => worker.Report is var report && report.Test == test.Index ? report : LoadReport.Nothing;
}
