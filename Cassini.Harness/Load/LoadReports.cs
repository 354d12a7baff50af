using Cassini.Harness.Clients;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>What a worker is to do in one test.</summary>
internal sealed record LoadOrder(LoadRun Run, BrokerAddress Broker, IReadOnlyList<PlanProducer> Producers, IReadOnlyList<PlanSink> Sinks);

/// <summary>What a worker has done so far, or, at its end, altogether.</summary>
internal sealed record LoadReport(IReadOnlyList<ProducerReport> Producers, IReadOnlyList<SinkReport> Sinks)
{
    public static readonly LoadReport Nothing = new([], []);
}

/// <param name="Index">The producer's index in the test.</param>
/// <param name="HasEnded">Whether it ended by itself.</param>
/// <param name="Counts">What it did.</param>
internal sealed record ProducerReport(int Index, bool HasEnded, ProducerCounts Counts);

/// <param name="Index">The sink's index in the test.</param>
/// <param name="Reconnects">Connections that were lost and opened again.</param>
/// <param name="LastError">What went wrong last; null if nothing did.</param>
/// <param name="Counts">What it saw.</param>
internal sealed record SinkReport(int Index, long Reconnects, string? LastError, SinkCounts Counts);
