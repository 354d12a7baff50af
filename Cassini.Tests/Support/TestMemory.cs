using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Quotas;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Support;

/// <summary>Memory for parts of the broker that are tested alone: of the broker's own account, without a share.</summary>
internal sealed class TestMemory
{
    public TestMemory(long limit = long.MaxValue)
    {
        Budget = new MemoryBudget(limit, Accounts);
        Memory = Budget.Of(Accounts.OfBroker);
    }

    public AccountTable Accounts { get; } = new(QuotaOptions.Whole);

    public MemoryBudget Budget { get; }

    public AccountMemory Memory { get; }

    public RetainedMessages Retained(IBrokerStore? store = null, TimeProvider? time = null) =>
        new(new BrokerOptions(), Accounts, Budget, store ?? new InMemoryStore(), new SubscriptionTree(), time ?? TimeProvider.System);
}

/// <summary>What tests do that does not come from a client.</summary>
internal static class TestMemoryExtensions
{
    private static readonly Account Other = new AccountTable(QuotaOptions.Whole).OfBroker;

    public static void Take(this MemoryBudget budget, long bytes) => budget.Take(Other, bytes, bytes);

    public static void Return(this MemoryBudget budget, long bytes) => budget.Return(Other, bytes, bytes);

    public static bool Set(this RetainedMessages retained, StoredMessage message) => retained.Set(message, Other, out _);
}
