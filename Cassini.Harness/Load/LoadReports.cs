using Cassini.Harness.Clients;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>A worker's part of one test.</summary>
internal sealed record LoadOrder(LoadRun Run, BrokerAddress Broker, IReadOnlyList<PlanProducer> Producers, IReadOnlyList<PlanSink> Sinks);

/// <summary>The counts of an order, so far or at its end.</summary>
/// <param name="Test">The test's index in the plan.</param>
/// <param name="Producers">By the producer's index in the test.</param>
/// <param name="Sinks">By the sink's index in the test.</param>
internal sealed record LoadReport(
    int Test, IReadOnlyDictionary<int, ProducerCounts> Producers, IReadOnlyDictionary<int, SinkCounts> Sinks)
{
    public static readonly LoadReport Nothing = new(-1, new Dictionary<int, ProducerCounts>(), new Dictionary<int, SinkCounts>());
}
