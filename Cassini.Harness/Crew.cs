using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Workers;

namespace Cassini.Harness;

/// <summary>Who runs what: a test's producers and sinks, dealt in turn to the workers of their role.</summary>
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
