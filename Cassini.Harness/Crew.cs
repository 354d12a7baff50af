using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;

namespace Cassini.Harness;

/// <summary>The workers of a run, to which each test's producers and sinks are dealt in turn.</summary>
internal sealed class Crew(IReadOnlyList<IWorker> producers, IReadOnlyList<IWorker> sinks)
{
    public IEnumerable<IWorker> All => producers.Concat(sinks);

    /// <summary>The orders for one test; a worker that gets nothing has none.</summary>
    public IReadOnlyList<(IWorker Worker, LoadOrder Order)> Deal(TestPlan plan, PlanTest test)
    {
        var (run, broker) = (LoadRun.Of(plan, test), plan.BrokerOf(test));
        var address = new BrokerAddress(broker.Name, broker.Host, broker.Port, broker.Tls.ServerName ?? broker.Host);
        return
        [
            .. sinks.Select((worker, at) => (worker, new LoadOrder(run, address, [], Share(test.Sinks, at, sinks.Count)))),
            .. producers.Select((worker, at) => (worker, new LoadOrder(run, address, Share(test.Producers, at, producers.Count), []))),
        ];
    }

    private static List<T> Share<T>(IReadOnlyList<T> all, int at, int count) => [.. all.Where((_, i) => i % count == at)];
}
