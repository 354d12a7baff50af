using Cassini.Harness.Clients;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>A worker's part of one test.</summary>
/// <param name="Run">The run and the test.</param>
/// <param name="Broker">The broker of the test.</param>
/// <param name="Publishers">The publishers.</param>
/// <param name="Subscribers">The subscribers.</param>
internal sealed record LoadOrder(
    LoadRun Run, BrokerAddress Broker, IReadOnlyList<PlanPublisher> Publishers, IReadOnlyList<PlanSubscriber> Subscribers)
{
    /// <summary>The other brokers that publishers or subscribers of it name.</summary>
    public IReadOnlyList<BrokerAddress> Others { get; init; } = [];
}

/// <summary>The counts of an order, so far or at its end.</summary>
/// <param name="Test">The test's index in the plan.</param>
/// <param name="Publishers">By the publisher's index in the test.</param>
/// <param name="Subscribers">By the subscriber's index in the test.</param>
internal sealed record LoadReport(
    int Test, IReadOnlyDictionary<int, PublisherCounts> Publishers, IReadOnlyDictionary<int, SubscriberCounts> Subscribers)
{
    public static readonly LoadReport Nothing = new(-1, new Dictionary<int, PublisherCounts>(), new Dictionary<int, SubscriberCounts>());
}
