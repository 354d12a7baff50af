using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Workers;

/// <summary>The workers of a run. Each test's publishers and subscribers are distributed among them in turn.</summary>
internal sealed class Crew(IReadOnlyList<IWorker> publishers, IReadOnlyList<IWorker> subscribers)
{
    public IEnumerable<IWorker> All => publishers.Concat(subscribers);

    /// <summary>The orders for one test; a worker without a publisher or a subscriber in it gets none.</summary>
    public IReadOnlyList<(IWorker Worker, LoadOrder Order)> Deal(TestPlan plan, PlanTest test)
    {
        var (run, broker) = (LoadRun.Of(plan, test), plan.BrokerOf(test));
        var address = new BrokerAddress(broker.Name, broker.Host, broker.Port, broker.Tls.ServerName ?? broker.Host);
        IEnumerable<(IWorker Worker, LoadOrder Order)> all =
        [
            .. subscribers.Select(
                (worker, at) => (worker, new LoadOrder(run, address, [], Share(test.Subscribers, at, subscribers.Count)))),
            .. publishers.Select((worker, at) => (worker, new LoadOrder(run, address, Share(test.Publishers, at, publishers.Count), []))),
        ];
        return [.. all.Where(order => order.Order.Publishers.Count + order.Order.Subscribers.Count > 0)];
    }

    private static List<T> Share<T>(IReadOnlyList<T> all, int at, int count) => [.. all.Where((_, i) => i % count == at)];
}
