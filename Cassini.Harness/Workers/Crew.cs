using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Workers;

/// <summary>The workers of a run. Each test's producers and sinks are distributed among them in turn.</summary>
internal sealed class Crew(IReadOnlyList<IWorker> producers, IReadOnlyList<IWorker> sinks)
{
    public IEnumerable<IWorker> All => producers.Concat(sinks);

    /// <summary>The orders for one test; a worker without a producer or a sink in it gets none.</summary>
    public IReadOnlyList<(IWorker Worker, LoadOrder Order)> Deal(TestPlan plan, PlanTest test)
    {
        var (run, broker) = (LoadRun.Of(plan, test), plan.BrokerOf(test));
        var address = new BrokerAddress(broker.Name, broker.Host, broker.Port, broker.Tls.ServerName ?? broker.Host);
        IEnumerable<(IWorker Worker, LoadOrder Order)> all =
        [
            .. sinks.Select((worker, at) => (worker, new LoadOrder(run, address, [], Share(test.Sinks, at, sinks.Count)))),
            .. producers.Select((worker, at) => (worker, new LoadOrder(run, address, Share(test.Producers, at, producers.Count), []))),
        ];
        return [.. all.Where(order => order.Order.Producers.Count + order.Order.Sinks.Count > 0)];
    }

    private static List<T> Share<T>(IReadOnlyList<T> all, int at, int count) => [.. all.Where((_, i) => i % count == at)];
}
