namespace Cassini.Streams.Broker.Durable;

/// <summary>Changes of one thread that become durable together; its end lets the store go on.</summary>
/// <param name="store">The store; null for nothing.</param>
internal readonly struct StoreUnit(IBrokerStore? store) : IDisposable
{
    public void Dispose() => store?.EndUnit();
}
