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
        var order = new LoadOrder(LoadRun.Of(plan, test), AddressOf(plan.BrokerOf(test)), [], []);
        IEnumerable<(IWorker Worker, LoadOrder Order)> all =
        [
            .. subscribers.Select((worker, at) => (worker, order with { Subscribers = Share(test.Subscribers, at, subscribers.Count) })),
            .. publishers.Select((worker, at) => (worker, order with { Publishers = Share(test.Publishers, at, publishers.Count) })),
        ];
        return
        [
            .. all.Where(one => one.Order.Publishers.Count + one.Order.Subscribers.Count > 0)
                .Select(one => (one.Worker, one.Order with { Others = OthersOf(plan, test, one.Order) })),
        ];
    }

    private static List<BrokerAddress> OthersOf(TestPlan plan, PlanTest test, LoadOrder order) =>
    [
        .. order.Publishers.Select(publisher => publisher.Broker).Concat(order.Subscribers.Select(subscriber => subscriber.Broker))
            .OfType<string>().Where(broker => broker != test.Broker).Distinct()
            .Select(broker => AddressOf(plan.BrokerOf(test, broker))),
    ];

    private static BrokerAddress AddressOf(PlanBroker broker) =>
        new(broker.Name, broker.Host, broker.Port, broker.Tls.ServerName ?? broker.Host);

    private static List<T> Share<T>(IReadOnlyList<T> all, int at, int count) => [.. all.Where((_, i) => i % count == at)];
}
